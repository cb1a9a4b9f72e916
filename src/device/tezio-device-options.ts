import type { Clock } from '../clock.js'
import type { KeyPin } from './board-keys.js'
import type { DeviceEventSink } from './device-event.js'
import type { LinkBinding } from './serial-link.js'
import type { SessionTimings } from './session-timings.js'

/** How one board is found, asked and recognised. */
export type TezioDeviceOptions = {
  /** A device path, or `auto` to look for the board on USB. */
  readonly port: string
  readonly serialNumber?: string | undefined
  /** How long one SIGN or VERIFY may take. */
  readonly timeoutMs: number
  /** A board that answers with another key at one of these places is refused. */
  readonly pins: readonly KeyPin[]
  /**
   * Whether the board is asked at each contact what its firmware can do. Default no: a stock board knows no such
   * command, and one that bakes is not sent what it does not know.
   */
  readonly asksInfo?: boolean
  readonly onEvent?: DeviceEventSink
  readonly clock?: Clock
  readonly binding?: LinkBinding
  readonly timings?: SessionTimings
}
