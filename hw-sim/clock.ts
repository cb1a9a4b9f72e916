/** Time as the simulated device sees it; the device never asks another clock. */
export interface Clock {
  /** Milliseconds since any fixed moment, with fractions; it never goes back. */
  now(): number
  /** Calls `run` once, `delayMs` from now or later, never at once. The returned function calls it off. */
  schedule(delayMs: number, run: () => void): () => void
}

/**
 * Real time. A timer that ran out lets bytes that wait in the kernel be read first: the device polls its port every
 * millisecond, while a busy process looks only now and then.
 */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule(delayMs, run) {
    let immediate: NodeJS.Immediate | undefined
    const timer = setTimeout(() => {
      immediate = setImmediate(run)
    }, delayMs)
    return () => {
      clearTimeout(timer)
      clearImmediate(immediate)
    }
  },
}

type Timer = { readonly dueMs: number; readonly run: () => void }

/** Time that stands still until it is advanced. */
export class ManualClock implements Clock {
  #nowMs = 0
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#nowMs
  }

  schedule(delayMs: number, run: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, run }
    this.#timers.add(timer)
    return () => {
      this.#timers.delete(timer)
    }
  }

  /** Timers that are still to run. */
  get pending(): number {
    return this.#timers.size
  }

  /** Moves time on by `ms` and runs, in order, all that comes due, timers set meanwhile included. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms
    for (let timer = this.#next(untilMs); timer !== undefined; timer = this.#next(untilMs)) {
      this.#timers.delete(timer)
      this.#nowMs = timer.dueMs
      timer.run()
    }
    this.#nowMs = untilMs
  }

  #next(untilMs: number): Timer | undefined {
    const due = [...this.#timers].filter((timer) => timer.dueMs <= untilMs)
    return due.sort((left, right) => left.dueMs - right.dueMs)[0]
  }
}
