import type { PublicKeyHash } from '../tezos/index.js'

/** Why a device gave no signature; the driver's own words, see `DeviceErrorCode`. */
export type DeviceFailureCode =
  | 'device-unavailable'
  | 'device-busy'
  | 'device-lost'
  | 'device-timeout'
  | 'device-reply-damaged'
  | 'device-watermark'
  | 'device-policy'
  | 'device-failed'
  | 'device-refused'
  | 'wrong-device'

/** `sent`: bytes left for the device, so it may have signed although no signature came back. */
export type DeviceFailure = {
  readonly outcome: 'failed'
  readonly code: DeviceFailureCode
  readonly message: string
  readonly sent: boolean
}

export type DeviceAnswer = { readonly outcome: 'signed'; readonly signature: Uint8Array } | DeviceFailure

/** What a device says of somebody else's signature. */
export type DeviceJudgement = { readonly outcome: 'verified'; readonly isValid: boolean } | DeviceFailure

/** What the guarded signer needs of a device, whatever kind it is. No method throws. */
export type SigningDevice = {
  /** Its name in the configuration, for messages. */
  readonly name: string
  /** Whether a command could be sent now, from memory. */
  readonly isReady: () => boolean
  /** Waits `ms` at most until a command can be sent; `undefined` when it can. Nothing is sent. */
  readonly ready: (ms: number) => Promise<DeviceFailure | undefined>
  /** One attempt at the raw 64-byte signature over BLAKE2b-256 of `payload`, watermark byte included. */
  readonly sign: (key: PublicKeyHash, payload: Uint8Array) => Promise<DeviceAnswer>
  /** One attempt at its own opinion of a 64-byte signature by its authentication key over BLAKE2b-256 of `message`. */
  readonly verify?: (message: Uint8Array, signature: Uint8Array) => Promise<DeviceJudgement>
}
