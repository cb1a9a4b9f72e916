import type { Custody } from './account-record.js'

/** What can be signed with an account, as a request names it. */
export const SIGN_KINDS = ['message', 'typed_data', 'transaction'] as const

/** One of them. */
export type SignKind = (typeof SIGN_KINDS)[number]

/** What a configuration says of managed accounts. */
export type AccountsSettings = {
  /** The devices whose Ed25519 keys open the vault; `undefined` where there is none. */
  readonly vault: { readonly devices: readonly string[] } | undefined
  /** Of an account whose creator names none. */
  readonly custody: Custody
  readonly sign: readonly SignKind[]
  /** Chain ids that transactions, and typed data that name one, may be for. */
  readonly chains: readonly number[]
  /** The most that one transaction may move, in wei. */
  readonly maxWei?: bigint | undefined
  /** The most that one transaction may pay for gas, in wei. */
  readonly maxFeeWei?: bigint | undefined
}
