import { byteOfKind } from '../../tezos/index.js'

/** The first bytes of some kinds, in order, each once. */
export function bytesOfKinds(kinds: readonly string[]): readonly number[] {
  return [...new Set(kinds.map(byteOfKind))].sort((left, right) => left - right)
}
