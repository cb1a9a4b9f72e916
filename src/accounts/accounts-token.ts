import type { EthAddress, EthPublicKey } from '../ethereum/index.js'

/**
 * What accounts need of a token that makes and keeps their keys, and never lets one out. An id is 32 lower-case hex
 * digits. Every method makes one attempt and rejects with an Error; after a rejection a key may be there or not.
 */
export type AccountsToken = {
  /** Its name in the configuration. */
  readonly name: string
  /** Resolves when the token can be asked; waits `ms` at most. */
  readonly ready: (ms: number) => Promise<void>
  /** Makes the key of an id that has none. */
  readonly generate: (id: string) => Promise<EthPublicKey>
  /** The public key of an id, proven; `undefined` where the token has none. */
  readonly publicKeyOf: (id: string) => Promise<EthPublicKey | undefined>
  /** Names a key by its address, for people; false where the token does not let it. */
  readonly label: (id: string, address: EthAddress) => Promise<boolean>
  /** The raw signature, R then S, over 32 bytes; S may be high. */
  readonly sign: (id: string, digest: Uint8Array) => Promise<Uint8Array>
}
