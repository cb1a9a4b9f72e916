import type { PublicKeyHash } from '../tezos/index.js'
import type { Refusal } from './refusal.js'
import type { Patience } from './turns.js'

/** Who asks, as far as the connection shows it; what the request itself is signed with comes on top. */
export type Caller = {
  /** Names of configured clients that the connection has proven, by a certificate or a token. */
  readonly clients: readonly string[]
  /** Why something that the connection showed proves nobody (a wrong token), in words without it. */
  readonly invalid?: string | undefined
}

/** Nothing is known of who asks. */
export const UNKNOWN_CALLER: Caller = { clients: [] }

/** A request as it comes from any listener, already decoded. */
export type SignRequest = {
  /** Tells this request from others in the log and in the answer; it decides nothing. */
  readonly requestId: string
  readonly publicKeyHash: PublicKeyHash
  /** Watermark byte first. */
  readonly payload: Uint8Array
  /** base58check signature of the request by an authorized key, when one came with it. */
  readonly authentication: string | undefined
  readonly caller: Caller
} & Patience

/** `signed` carries base58check text; `repeated` says that the device was not asked for it. */
export type SignResult =
  | { readonly outcome: 'signed'; readonly signature: string; readonly repeated: boolean }
  | { readonly outcome: 'refused'; readonly refusal: Refusal }
