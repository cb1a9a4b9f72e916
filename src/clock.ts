/** Time as an argument: monotonic, so that a jump of the wall clock moves no deadline. */
export type Clock = {
  /** Milliseconds since some fixed instant; it never goes back. */
  readonly now: () => number
  /** Runs `action` once after `ms`, unless the returned function was called before. */
  readonly after: (ms: number, action: () => void) => () => void
}

/** The machine's monotonic clock. */
export const monotonicClock: Clock = {
  now: () => performance.now(),
  after: (ms, action) => {
    const timer = setTimeout(action, ms)
    return () => {
      clearTimeout(timer)
    }
  },
}
