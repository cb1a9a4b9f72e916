import type { PublicKeyHash } from '../tezos/index.js'
import type { Refusal } from './refusal.js'
import type { Patience } from './turns.js'

/** A request as it comes from any listener, already decoded. */
export type SignRequest = {
  /** Tells this request from others in the log and in the answer; it decides nothing. */
  readonly requestId: string
  readonly publicKeyHash: PublicKeyHash
  /** Watermark byte first. */
  readonly payload: Uint8Array
  /** base58check signature of the request by the authentication key, when one came with it. */
  readonly authentication: string | undefined
} & Patience

/** `signed` carries base58check text; `repeated` says that the device was not asked for it. */
export type SignResult =
  | { readonly outcome: 'signed'; readonly signature: string; readonly repeated: boolean }
  | { readonly outcome: 'refused'; readonly refusal: Refusal }
