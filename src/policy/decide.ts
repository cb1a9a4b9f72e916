import { comparePosition, type Mark, type Wanted } from './mark.js'

/** Why a level and round may not be signed. */
export type Denial = 'no-mark' | 'below-mark' | 'conflicts-with-mark' | 'level-gap'

/**
 * What the rule says of a wanted signature.
 * - `advance`: raise the mark, durably, and only then sign.
 * - `repeat`: this very payload was let through before; its signature, if it is known, is the answer.
 * - `deny`: never sign it.
 */
export type Verdict =
  | { readonly verdict: 'advance'; readonly from: Mark; readonly to: Mark }
  | { readonly verdict: 'repeat'; readonly signature: string | undefined }
  | { readonly verdict: 'deny'; readonly denial: Denial; readonly mark: Mark | undefined }

/** The most levels a mark may jump at once: more means a wrong chain, a wrong clock, or an attack. */
export type LevelGap = number | 'off'

/** The rule that forbids a double signature: for one level and round at most one payload, and never back. */
export function decide(wanted: Wanted, mark: Mark | undefined, maxLevelGap: LevelGap): Verdict {
  if (mark === undefined) return { verdict: 'deny', denial: 'no-mark', mark }
  const order = comparePosition(wanted, mark)
  if (order < 0) return { verdict: 'deny', denial: 'below-mark', mark }
  if (order === 0) {
    return wanted.digest === mark.digest
      ? { verdict: 'repeat', signature: mark.signature }
      : { verdict: 'deny', denial: 'conflicts-with-mark', mark }
  }
  if (isGap(wanted.level, mark, maxLevelGap)) return { verdict: 'deny', denial: 'level-gap', mark }
  const { level, round, digest } = wanted
  return { verdict: 'advance', from: mark, to: { level, round, digest, signature: undefined } }
}

/** A mark seeded at level 0 has no limit until its first signature. */
function isGap(level: number, mark: Mark, maxLevelGap: LevelGap): boolean {
  const isUntouchedSeed = mark.level === 0 && mark.digest === undefined
  return maxLevelGap !== 'off' && !isUntouchedSeed && level - mark.level > maxLevelGap
}
