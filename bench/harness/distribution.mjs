import { createHistogram } from 'node:perf_hooks'

/** Times are kept in nanoseconds to four figures, from 1 ns to 10 minutes. */
const RANGE = { lowest: 1, highest: 600_000_000_000, figures: 4 }
const NS_PER_MS = 1e6

/** The shares of the curve that a plot shows: 0, 50 %, 75 %, ... to 99.99 %. */
const CURVE = [0, 25, 50, 75, 90, 95, 97.5, 99, 99.5, 99.75, 99.9, 99.95, 99.99]

/** Times in ms in an HDR histogram (Node's own, HdrHistogram_c). */
export class Distribution {
  #histogram = createHistogram(RANGE)

  /** Takes in a time in ms; what is below 1 ns counts as 1 ns. */
  record(ms) {
    this.#histogram.record(Math.max(1, Math.round(ms * NS_PER_MS)))
  }

  get count() {
    return this.#histogram.count
  }

  /** The time in ms that `percent` of all times do not exceed; NaN where there are none. */
  at(percent) {
    if (this.count === 0) return NaN
    return this.#histogram.percentile(Math.max(percent, Number.MIN_VALUE)) / NS_PER_MS
  }

  get p50() {
    return this.at(50)
  }

  get p99() {
    return this.at(99)
  }

  /** What a table and the results show, in ms to the microsecond. */
  summary() {
    const [p50, p95, p99, p999] = [50, 95, 99, 99.9].map((percent) => rounded(this.at(percent)))
    return { count: this.count, p50, p95, p99, p999, max: rounded(this.#histogram.max / NS_PER_MS) }
  }

  /** Pairs of a percentage and a time in ms, as far as there are enough times for it to mean something. */
  curve() {
    return CURVE.filter((percent) => this.count * (1 - percent / 100) >= 1).map((percent) => [
      percent,
      rounded(this.at(percent)),
    ])
  }
}

/** The distribution of given times in ms. */
export function distributionOf(times) {
  const distribution = new Distribution()
  for (const time of times) distribution.record(time)
  return distribution
}

/** To the microsecond. */
export function rounded(ms) {
  return Math.round(ms * 1000) / 1000
}
