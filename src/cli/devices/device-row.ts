import type { SerialPortFacts } from '../host/index.js'

/** What `--probe` found at a port. */
export type Probe =
  | { readonly outcome: 'told'; readonly addresses: readonly string[]; readonly answerMs: number }
  | { readonly outcome: 'failed' | 'not-asked'; readonly reason: string }

/** A port, and what the configuration and the daemon have to do with it. */
export type DeviceRow = SerialPortFacts & {
  readonly isConfigured: boolean
  /** The state of the running daemon's device, where it is at this port. */
  readonly daemon: string | undefined
  readonly probe: Probe | undefined
}

/** All that `devices` tells. `notes`: what could not be looked at. */
export type DevicesReport = { readonly devices: readonly DeviceRow[]; readonly notes: readonly string[] }
