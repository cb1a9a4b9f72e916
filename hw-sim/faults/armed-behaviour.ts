import type { Behaviour, Interference, ReceivedContext, WireAction } from '../behaviour.js'
import type { Outcome } from '../firmware/outcome.js'
import type { Fault } from './fault.js'

/** When a fault is to strike: asked once of every packet, in order. */
export type Trigger = (context: ReceivedContext) => boolean

/**
 * A fault on the stack of a device. Whether it strikes is settled once for each packet, before it is executed; it
 * counts packets in which it had something to do.
 */
export class ArmedBehaviour implements Behaviour {
  readonly name: string
  /** How many packets it has struck. */
  count = 0
  readonly #fault: Fault
  readonly #when: Trigger
  readonly #onStrike: () => void
  #isStriking = false
  #hasStruck = false

  /** `onStrike` is called once for each packet that was struck, after the fault had its last say. */
  constructor(name: string, fault: Fault, when: Trigger, onStrike: () => void) {
    this.name = name
    this.#fault = fault
    this.#when = when
    this.#onStrike = onStrike
  }

  intercept(context: ReceivedContext): Interference | undefined {
    this.#isStriking = this.#when(context)
    this.#hasStruck = false
    if (!this.#isStriking) return undefined
    const interference = this.#fault.intercept?.(context)
    // A failing secure element strikes only where it shows, which its answer hook sees.
    this.#hasStruck = interference?.outcome !== undefined
    return interference
  }

  answer(outcome: Outcome, context: ReceivedContext): Outcome {
    const answer = this.#isStriking ? this.#fault.answer?.(outcome, context) : undefined
    this.#hasStruck ||= answer !== undefined
    return answer ?? outcome
  }

  apply(actions: readonly WireAction[]): readonly WireAction[] {
    const changed = this.#isStriking ? this.#fault.apply?.(actions) : undefined
    if (this.#hasStruck || changed !== undefined) this.strike()
    return changed ?? actions
  }

  /** Counts one strike. */
  strike(): void {
    this.count += 1
    this.#onStrike()
  }
}
