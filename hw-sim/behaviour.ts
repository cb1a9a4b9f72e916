import type { Clock } from './clock.js'
import type { DeviceKeys } from './device-keys.js'
import type { Exchange } from './exchange-log.js'
import type { Outcome } from './firmware/outcome.js'
import type { SecureElementFailure } from './firmware/secure-element.js'
import type { RandomBytes } from './random-bytes.js'

/** One thing that happens after a command, `afterMs` milliseconds after the device had read it. */
export type WireAction =
  | { readonly kind: 'write'; readonly afterMs: number; readonly bytes: Uint8Array }
  /** Pulls the plug: what comes after it does not happen. */
  | { readonly kind: 'unplug'; readonly afterMs: number }
  /** Something beside the wire. A `run` that does nothing keeps the device busy until then. */
  | { readonly kind: 'call'; readonly afterMs: number; readonly run: () => void }

/** A packet the device has read and not acted on yet. */
export type Received = Omit<Exchange, 'outcome' | 'reply'>

/** What a behaviour may look at before there is a reply. */
export type ReceivedContext = {
  readonly received: Received
  readonly keys: DeviceKeys
  readonly random: RandomBytes
}

/** What a behaviour may look at once there is a reply. */
export type BehaviourContext = {
  readonly exchange: Exchange
  readonly clock: Clock
  readonly random: RandomBytes
}

/** What happens in place of, or during, the execution of a command. */
export type Interference = {
  /** The answer; the command is not executed then, and raises no mark. */
  readonly outcome?: Outcome
  /** How the secure element fails while it is executed. */
  readonly failure?: SecureElementFailure
}

/**
 * What stands between the device and the wire: it turns what would happen into what happens (refused, altered, later,
 * cut, doubled, not at all). Behaviours are stacked, and asked newest first: the newest gets what the device made,
 * each older one what the newer one returned, and latency, which is always there, comes last.
 * The device is busy until the last action.
 */
export interface Behaviour {
  readonly name: string
  /** Asked of every packet before it is executed. Of several outcomes, and of several failures, the newest counts. */
  intercept?(context: ReceivedContext): Interference | undefined
  /** Turns the answer into another one, before it is put into a frame. */
  answer?(outcome: Outcome, context: ReceivedContext): Outcome
  /** Turns what happens into something else; the newest gets the whole reply, to be written at once. */
  apply(actions: readonly WireAction[], context: BehaviourContext): readonly WireAction[]
}
