import type { DeviceHealth } from '../device/index.js'
import type { MarkRecord, Quarantine } from '../policy/index.js'
import type { ListeningAddress, Warning } from '../server/index.js'
import type { Curve, PublicKeyHash } from '../tezos/index.js'

/** A configured key, as far as it is known now. */
export type KeySource = {
  readonly address: PublicKeyHash
  readonly curve: Curve
  readonly alias: number
  readonly publicKey: string | undefined
  readonly signs: string
}

/** What is asked whenever somebody looks. Every function reads memory and never throws. */
export type Sources = {
  readonly health: () => DeviceHealth
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
