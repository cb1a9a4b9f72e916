import type { EthPublicKey, UnsignedTransaction } from '../ethereum/index.js'
import type { DeviceFailureCode, TurnRefusal } from '../policy/index.js'

/**
 * What a device can do for its Ethereum key.
 * - `digest`: it signs any 32 bytes.
 * - `eth`: it takes the preimage, hashes it and judges it itself.
 * - `grind`: only digests that begin with 0x03, so only transfers, whose gas limit can be varied until they do.
 * - `none`: no signature that Ethereum takes.
 */
export type EthCapability = 'digest' | 'eth' | 'grind' | 'none'

/** What is hashed with Keccak-256 and signed. */
export type EthPreimage =
  | { readonly kind: 'message' | 'typed-data'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'transaction'
      readonly transaction: UnsignedTransaction
      readonly bytes: Uint8Array
    }

/** Why a device gave no signature. `sent`: bytes left for it, so it may have signed although none came back. */
export type EthDeviceFailure = {
  readonly outcome: 'failed'
  readonly code: DeviceFailureCode | TurnRefusal
  readonly message: string
  readonly sent: boolean
}

/** What becomes of one attempt. The signature is R, then S, not verified. */
export type EthDeviceAnswer =
  { readonly outcome: 'signed'; readonly signature: Uint8Array } | EthDeviceFailure

/** What is needed of the device that holds the key. No method throws. */
export type EthDevice = {
  /** Its name in the configuration, for messages. */
  readonly name: string
  /** The key, as the device told it last; `undefined` before the first contact. */
  readonly publicKey: () => EthPublicKey | undefined
  /** `undefined` before the first contact. */
  readonly capability: () => EthCapability | undefined
  /** Waits `ms` at most until something can be sent; `undefined` when it can. Nothing is sent. */
  readonly ready: (ms: number) => Promise<EthDeviceFailure | undefined>
  /** One attempt, which ends by an instant of the clock. It takes the device's turn itself. */
  readonly sign: (preimage: EthPreimage, deadlineAt: number) => Promise<EthDeviceAnswer>
}
