import type { PublicKey } from '../../tezos/index.js'

/** What a device made of the label, or why it made nothing. */
export type LabelAnswer =
  | { readonly outcome: 'signed'; readonly signature: Uint8Array }
  | { readonly outcome: 'failed'; readonly code: string; readonly message: string }

/**
 * A device with an Ed25519 key, whose signatures are the same each time (RFC 8032). No other curve of a Tezio will do:
 * their signatures are drawn anew.
 */
export type VaultDevice = {
  /** Its name in the configuration. */
  readonly name: string
  /** The Ed25519 key; `undefined` while the device was not seen yet. */
  readonly publicKey: () => PublicKey | undefined
  /** One attempt at the 64 bytes over BLAKE2b-256 of a label; it may wait for the device's turn. Never throws. */
  readonly signLabel: (label: Uint8Array) => Promise<LabelAnswer>
}
