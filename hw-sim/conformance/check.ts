import type { DeviceCapability, KeyAlias } from '../../src/device/tezio/index.js'
import type { PublicKey } from '../../src/tezos/index.js'
import type { Judgement } from './judgement.js'
import type { Observations } from './observations.js'
import type { Prober } from './prober.js'
import type { TimingRow } from './report.js'

/** A signature the device made, as the host sees it. */
export type SignatureRecord = {
  readonly alias: KeyAlias
  readonly digest: Uint8Array
  /** R then S. */
  readonly signature: Uint8Array
}

/** What a run works with, and what its checks learn for those after them. */
export type Run = {
  readonly prober: Prober
  /** Times each command is timed. */
  readonly samples: number
  /** The lowest level that checks of watermarks use. */
  readonly fromLevel: number
  /** The keys, as soon as they were read. */
  readonly keys: Map<KeyAlias, PublicKey>
  /** Keys that do not sign operations, by the device's policy, and how it says so. */
  readonly unsigning: Map<KeyAlias, string>
  /** What each watermark did at `fromLevel`, by `pairName`; filled in destructive runs alone. */
  readonly marks: Map<string, MarkStart>
  /** What the device says it can do beyond the stock firmware. */
  readonly capabilities: Set<DeviceCapability>
  /** Every signature that was made in this run. */
  readonly signatures: SignatureRecord[]
  readonly observations: Observations
  readonly timings: TimingRow[]
}

/**
 * What a key did with a magic byte at the lowest level used: signed it, refused it by policy, or refused it because its
 * mark stands there or above.
 */
export type MarkStart = 'enabled' | 'disabled' | 'above'

/** One thing a device must do. */
export type Check = {
  readonly id: string
  readonly title: string
  /** Raises watermarks: run only when that was asked for. */
  readonly isDestructive?: true
  /** May leave the device in the middle of a packet: it is given time, and must then answer as before. */
  readonly disturbsFraming?: true
  readonly judge: (run: Run) => Promise<Judgement>
}
