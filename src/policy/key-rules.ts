import type { ChainId, PublicKeyHash } from '../tezos/index.js'
import type { SigningHours } from './signing-hours.js'
import type { SpendWindow } from './spend.js'

/** What bounds the operations of a key. `undefined`: no such rule. Amounts and fees in mutez. */
export type TransactionRules = {
  /** Addresses that may be sent to. */
  readonly destinations: readonly string[] | undefined
  /** The most that one transaction transfers or one origination gives. */
  readonly maxMutez: number | undefined
  /** The most that one content pays as its fee. */
  readonly maxFeeMutez: number | undefined
  readonly entrypoints: readonly string[] | undefined
  readonly spendWindows: readonly SpendWindow[]
}

/** What one key may sign. */
export type KeyRules = {
  readonly publicKeyHash: PublicKeyHash
  /** First bytes of payloads; `any` leaves it at the bytes that this program ever signs. */
  readonly allowedMagicBytes: readonly number[] | 'any'
  /** Kinds by name; every content of an operation must be listed. `undefined`: no such rule. */
  readonly allow: readonly string[] | undefined
  readonly chains: readonly ChainId[]
  readonly requiresAuthentication: boolean
  /** Who may ask, by configured names and addresses of authorized keys. `undefined`: whoever is authenticated. */
  readonly clients?: readonly string[] | undefined
  readonly transactions?: TransactionRules | undefined
  readonly hours?: SigningHours | undefined
  /** The most signatures that the device is asked for in any 60 s. */
  readonly perMinute?: number | undefined
}
