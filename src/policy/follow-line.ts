import type { NewEntry } from './marks-entry.js'
import { comparePosition, type Mark } from './mark.js'
import type { Position } from './mark-store.js'

/**
 * The journal's line for a mark that a table of several hosts tells: the mark where it is higher than what is known
 * here, the signature where it is the same payload's; none for everything else.
 */
export function followLine(
  { chain, key, kind, level, round, digest, signature }: Position & Pick<Mark, 'digest' | 'signature'>,
  here: Mark | undefined,
  why: 'request' | 'shared',
  at: string,
): NewEntry | undefined {
  const order = here === undefined ? 1 : comparePosition({ level, round }, here)
  const place = { at, chain, key, kind, level, round }
  if (order > 0) {
    return { type: 'mark', why, ...place, digest: digest ?? null, signature: signature ?? null }
  }
  const isNews = order === 0 && here?.signature === undefined && here?.digest === digest
  if (!isNews || digest === undefined || signature === undefined) return undefined
  return { type: 'signature', ...place, digest, signature }
}
