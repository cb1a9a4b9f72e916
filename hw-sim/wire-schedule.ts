import type { WireAction } from './behaviour.js'
import type { Clock } from './clock.js'

/** The longest that a timer of Node.js can be set to: 25 days. A longer one would run at once. */
const LONGEST_WAIT_MS = 2 ** 31 - 1

/** Runs what one command causes on the cable, in order of time; what is due at once happens within the call. */
export class WireSchedule {
  readonly #clock: Clock
  #cancelTimer: (() => void) | undefined
  #hurry: (() => void) | undefined
  /** Goes up with every run and every cancellation: a run that sees another number has been called off. */
  #run = 0
  #isBusy = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether actions of the last run are still to come. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  /** Performs the actions, then calls `done` unless the run was cancelled. Only when not busy. */
  start(actions: readonly WireAction[], perform: (action: WireAction) => void, done: () => void): void {
    const queue = [...actions].sort((left, right) => left.afterMs - right.afterMs)
    this.#run += 1
    this.#isBusy = true
    this.#continue(this.#run, queue, 0, perform, done)
  }

  /** Calls off what is still to come; `done` is not called. */
  cancel(): void {
    this.#run += 1
    this.#isBusy = false
    this.#hurry = undefined
    this.#cancelTimer?.()
  }

  /** Performs at once, in their order, all actions that are still to come, and then calls `done`. */
  hurry(): void {
    this.#cancelTimer?.()
    this.#hurry?.()
  }

  #continue(
    run: number,
    queue: WireAction[],
    elapsedMs: number,
    perform: (action: WireAction) => void,
    done: () => void,
  ): void {
    for (let action = queue[0]; action !== undefined; action = queue[0]) {
      const { afterMs } = action
      if (afterMs > elapsedMs) {
        const goOn = (reachedMs: number) => () => {
          this.#hurry = undefined
          this.#continue(run, queue, reachedMs, perform, done)
        }
        this.#hurry = goOn(Infinity)
        this.#cancelTimer = this.#clock.schedule(
          Math.min(afterMs - elapsedMs, LONGEST_WAIT_MS),
          goOn(afterMs),
        )
        return
      }
      queue.shift()
      perform(action)
      if (run !== this.#run) return
    }
    this.#isBusy = false
    done()
  }
}
