import type { ChainId, ConsensusSignable, MarkKind, PublicKeyHash } from '../tezos/index.js'

/** What a mark belongs to: kinds, keys and chains never constrain each other. */
export type MarkKey = { readonly chain: ChainId; readonly key: PublicKeyHash; readonly kind: MarkKind }

/** The highest level and round that was let through, and which payload it was. */
export type Mark = {
  readonly level: number
  readonly round: number
  /** Lower-case hex of the payload's BLAKE2b-256; `undefined` for a mark that was seeded or raised by hand. */
  readonly digest: string | undefined
  /** Raw 64 bytes as hex, once the device has made it. */
  readonly signature: string | undefined
}

/** A mark with what it belongs to and when it was last raised (ISO 8601). */
export type MarkRecord = MarkKey & Mark & { readonly raisedAt: string }

/** What a request wants to have signed. */
export type Wanted = MarkKey & { readonly level: number; readonly round: number; readonly digest: string }

/** One text per mark, for maps and messages. */
export function markName({ chain, key, kind }: MarkKey): string {
  return `${chain}/${key}/${kind}`
}

/** Below zero, zero or above: the order of (level, round) as pairs of numbers. */
export function comparePosition(
  left: Pick<Mark, 'level' | 'round'>,
  right: Pick<Mark, 'level' | 'round'>,
): number {
  if (left.level !== right.level) return left.level < right.level ? -1 : 1
  if (left.round !== right.round) return left.round < right.round ? -1 : 1
  return 0
}

/** What a consensus payload wants, for a key. `digest` is lower-case hex. */
export function wantedBy(key: PublicKeyHash, signable: ConsensusSignable, digest: string): Wanted {
  const { chainId: chain, kind, level, round } = signable
  return { chain, key, kind, level, round, digest }
}
