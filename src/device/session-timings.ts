/** How long the session waits for what, in milliseconds. */
export type SessionTimings = {
  /** Silence within a reply after which its beginning was no reply. */
  readonly partialMs: number
  /** After noise a reply is awaited no longer than this from the command's start: longer than any board takes. */
  readonly noisyReplyMs: number
  /** Silence that shows that no reply is on its way any more: longer than the longest command. */
  readonly longQuietMs: number
  /** Silence after bytes that no command can have caused. */
  readonly shortQuietMs: number
}

/** Fits a real board, whose slowest command takes 850 ms. */
export const BOARD_TIMINGS: SessionTimings = {
  partialMs: 100,
  noisyReplyMs: 900,
  longQuietMs: 1000,
  shortQuietMs: 30,
}
