import type { DeviceHealth } from '../device/index.js'
import type { MarkRecord, Quarantine } from '../policy/index.js'
import type { ListeningAddress, Warning } from '../server/index.js'
import type { Curve, PublicKeyHash } from '../tezos/index.js'

/** A configured key, as far as it is known now. */
export type KeySource = {
  readonly address: PublicKeyHash
  readonly curve: Curve
  readonly alias: number
  readonly devices: readonly string[]
  readonly publicKey: string | undefined
  readonly signs: string
}

/** A configured device, and the configured keys that it holds. */
export type DeviceSource = {
  readonly name: string
  readonly kind: 'tezio' | 'pkcs11'
  readonly health: DeviceHealth
  readonly holds: readonly PublicKeyHash[]
}

/** What is asked whenever somebody looks. Every function reads memory and never throws. */
export type Sources = {
  /** At least one, in the order of the configuration. */
  readonly devices: () => readonly DeviceSource[]
  /** Why marks cannot be raised now; `undefined` while they can. */
  readonly marksTrouble?: () => { readonly code: string; readonly message: string } | undefined
  readonly keys: () => readonly KeySource[]
  readonly marks: () => readonly MarkRecord[]
  readonly quarantines: () => readonly Quarantine[]
  readonly waiting: () => number
  readonly queueCapacity: number
  /** When the listener's certificate ends to be valid; `undefined` without TLS. */
  readonly certificateExpiresAt?: () => Date | undefined
  readonly listening: () => readonly ListeningAddress[]
  /** What is wrong with the configuration and with the state it needs. */
  readonly warnings: () => readonly Warning[]
}
