import type { DeviceState } from './device-status.js'

/** A snapshot from memory: asking for it never touches the port. `since` is an instant of the device's clock, in ms. */
export type DeviceHealth = {
  readonly state: DeviceState
  readonly since: number
  readonly path: string | undefined
  /** Whether the port last opened was a pseudo-terminal, with a program behind it instead of a board. */
  readonly simulated: boolean
  /** Why the device is not ready, as far as it is known. */
  readonly lastError: { readonly code: string; readonly message: string } | undefined
  readonly timesReady: number
  readonly lateReplies: number
  readonly noiseBytes: number
}
