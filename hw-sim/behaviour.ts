import type { Clock } from './clock.js'
import type { Exchange } from './exchange-log.js'
import type { RandomBytes } from './random-bytes.js'

/** One thing that happens on the cable after a command, `afterMs` milliseconds after the device had read it. */
export type WireAction =
  | { readonly kind: 'write'; readonly afterMs: number; readonly bytes: Uint8Array }
  /** Pulls the plug: what comes after it does not happen. */
  | { readonly kind: 'unplug'; readonly afterMs: number }

/** What a behaviour may look at. */
export type BehaviourContext = {
  readonly exchange: Exchange
  readonly clock: Clock
  readonly random: RandomBytes
}

/**
 * What stands between the device and the wire: it turns what would happen into what happens (later, cut, doubled,
 * not at all). Behaviours are stacked: each gets what the one before it returned; the first gets the whole reply,
 * to be written at once. The device is busy until the last action.
 */
export interface Behaviour {
  readonly name: string
  apply(actions: readonly WireAction[], context: BehaviourContext): readonly WireAction[]
}
