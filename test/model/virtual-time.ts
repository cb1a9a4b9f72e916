import { ManualClock } from '../../hw-sim/index.js'
import type { Clock } from '../../src/clock.js'

/** Longer than anything the bridge ever waits for: what is not settled by then hangs, in ms. */
const PATIENCE_MS = 60_000

/**
 * One time for the bridge and for the board. It stands still while there is work to do and jumps to the next timer
 * when there is none, so that a timeout of a second costs nothing.
 */
export class VirtualTime extends ManualClock implements Clock {
  readonly #due = new Set<{ readonly atMs: number }>()

  override schedule(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.now() + delayMs }
    this.#due.add(timer)
    const cancel = super.schedule(delayMs, () => {
      this.#due.delete(timer)
      run()
    })
    return () => {
      this.#due.delete(timer)
      cancel()
    }
  }

  readonly after = (ms: number, action: () => void): (() => void) => this.schedule(ms, action)

  /** What `work` comes to. Rejects when it hangs: when nothing is left to wait for, or the time it may take is over. */
  async settle<Result>(work: Promise<Result>): Promise<Result> {
    const state = { isSettled: false }
    const settled = () => {
      state.isSettled = true
    }
    work.then(settled, settled)
    const untilMs = this.now() + PATIENCE_MS
    for (;;) {
      await allThatCanRunNow()
      if (state.isSettled) return work
      const nextMs = Math.min(...[...this.#due].map(({ atMs }) => atMs))
      if (nextMs > untilMs) throw new Error(`it hangs: nothing came of it within ${PATIENCE_MS} ms`)
      this.advance(Math.max(0, nextMs - this.now()))
    }
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    await this.settle(new Promise<void>((resolve) => this.schedule(ms, resolve)))
  }
}

/** Promises and `nextTick` callbacks run before the next immediate. */
function allThatCanRunNow(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
