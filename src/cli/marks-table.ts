import type { MarkRecord } from '../policy/index.js'
import { chainName } from '../tezos/index.js'
import { table } from './output.js'

/** A table of marks for a person. */
export function marksTable(marks: readonly MarkRecord[]): string {
  const rows = marks.map(({ chain, key, kind, level, round, digest, signature, raisedAt }) => {
    const payload =
      digest === undefined
        ? 'set by hand'
        : `${digest.slice(0, 8)}${signature === undefined ? '' : ' signed'}`
    return [chainName(chain), key, kind, String(level), String(round), payload, raisedAt]
  })
  return table(['CHAIN', 'KEY', 'KIND', 'LEVEL', 'ROUND', 'PAYLOAD', 'RAISED AT'], rows)
}
