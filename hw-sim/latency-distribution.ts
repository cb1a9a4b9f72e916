import type { RandomBytes } from './random-bytes.js'

/** How long something takes, in ms: half of the times are below `medianMs`, 99 of 100 below `p99Ms`. */
export type LatencyDistribution = {
  readonly medianMs: number
  /** Not below the median. */
  readonly p99Ms: number
  /** How far each time is moved, up or down, evenly: the grain of a timer, a poll. */
  readonly jitterMs: number
}

/** The standard normal distribution is below this in 99 of 100 cases. */
const Z_99 = 2.3263478740408408
const DRAWS = 3
const U32 = 2 ** 32

/**
 * One time of a distribution, in ms and never below 0. It is log-normal: median times e^(sigma z), with z from the
 * standard normal distribution (Box-Muller) and sigma such that z = 2.326 gives the p99; then the jitter is added.
 * A log-normal time has the long tail of real ones and is never negative. Always takes 12 bytes of `random`.
 */
export function drawLatencyMs(
  { medianMs, p99Ms, jitterMs }: LatencyDistribution,
  random: RandomBytes,
): number {
  const [first, second, third] = unitNumbers(random)
  const spread = medianMs === 0 ? 0 : Math.log(p99Ms / medianMs) / Z_99
  const z = Math.sqrt(-2 * Math.log(first)) * Math.cos(2 * Math.PI * second)
  return Math.max(0, medianMs * Math.exp(spread * z) + jitterMs * (2 * third - 1))
}

/** Three numbers above 0 and below 1. */
function unitNumbers(random: RandomBytes): readonly [number, number, number] {
  const bytes = random(DRAWS * 4)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const unit = (index: number) => (view.getUint32(index * 4) + 0.5) / U32
  return [unit(0), unit(1), unit(2)]
}
