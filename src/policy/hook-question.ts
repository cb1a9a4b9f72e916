import {
  describeSignable,
  toHex,
  type DescribedSignable,
  type PublicKeyHash,
  type Signable,
} from '../tezos/index.js'

/** What a hook is asked: what is to be signed, with which key, and who asks. Plain JSON. */
export type HookQuestion = DescribedSignable & {
  readonly key: PublicKeyHash
  /** Hex, watermark byte first. */
  readonly payload: string
  /** Hex of its BLAKE2b-256. */
  readonly digest: string
  /** Configured names, or addresses, of those who were proven to ask. */
  readonly clients: readonly string[]
}

/** A request as a hook is told of it. */
export function hookQuestion({
  key,
  signable,
  payload,
  digest,
  clients,
}: {
  readonly key: PublicKeyHash
  readonly signable: Signable
  readonly payload: Uint8Array
  readonly digest: Uint8Array
  readonly clients: readonly string[]
}): HookQuestion {
  return { key, ...describeSignable(signable), payload: toHex(payload), digest: toHex(digest), clients }
}
