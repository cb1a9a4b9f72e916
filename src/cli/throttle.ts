import type { Clock } from '../clock.js'

/** Lines of one name that are let through within a window; the rest is counted. */
export const BURST = 10
/** How long a window lasts, in ms. It begins with the first line of its name. */
export const WINDOW_MS = 1000

type Window = { readonly endsAt: number; admitted: number; leftOut: number }

/** Cuts floods short: some lines of each name in a window, and at its end how many were left out. */
export class Throttle {
  readonly #clock: Clock
  readonly #windows = new Map<string, Window>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Whether one more line of `name` is let through; names must come from a bounded set. When a window had too many, the
   * `tell` of the first one too many is called once, when the window ends, with the number of those left out.
   */
  admits(name: string, tell: (leftOut: number) => void): boolean {
    const window = this.#windowOf(name)
    if (window.admitted < BURST) {
      window.admitted += 1
      return true
    }
    window.leftOut += 1
    if (window.leftOut === 1) {
      this.#clock.after(window.endsAt - this.#clock.now(), () => {
        this.#windows.delete(name)
        tell(window.leftOut)
      })
    }
    return false
  }

  /** The window that is open. One that left lines out stays until it has told them, however late its timer is. */
  #windowOf(name: string): Window {
    const now = this.#clock.now()
    const open = this.#windows.get(name)
    if (open !== undefined && (now < open.endsAt || open.leftOut > 0)) return open
    const window = { endsAt: now + WINDOW_MS, admitted: 0, leftOut: 0 }
    this.#windows.set(name, window)
    return window
  }
}
