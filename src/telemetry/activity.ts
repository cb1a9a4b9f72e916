import type { SignEvent } from '../policy/index.js'
import type { Decision, LatencyReport, LatencySample, StatusReport } from '../server/index.js'

/** Decisions that are kept for the timeline. */
const DECISIONS = 100
/** How far back latencies are kept, and how many: one each 0.9 s for the whole hour. */
const WINDOW_MS = 60 * 60 * 1000
const SAMPLES = 4096

/** What was asked and decided lately, in memory only: it begins empty with every start. */
export class Activity {
  readonly #now: () => Date
  readonly #decisions: Decision[] = []
  readonly #samples: { readonly sample: LatencySample; readonly atMs: number }[] = []
  readonly #counts = { signed: 0, repeated: 0, refused: 0 }

  /** `now` is wall-clock time. */
  constructor(now: () => Date) {
    this.#now = now
  }

  decided(event: SignEvent): void {
    const now = this.#now()
    const at = now.toISOString()
    const { outcome, totalMs, deviceMs, kind = 'unknown' } = event
    this.#counts[outcome] += 1
    this.#decisions.unshift(decisionOf(event, at))
    this.#decisions.splice(DECISIONS)
    if (outcome === 'refused') return
    this.#samples.push({ sample: { at, totalMs, deviceMs, kind }, atMs: now.getTime() })
    if (this.#samples.length > SAMPLES) this.#samples.shift()
  }

  /** The last decisions, newest first. */
  decisions(): readonly Decision[] {
    return [...this.#decisions]
  }

  counts(): StatusReport['counts'] {
    return { ...this.#counts }
  }

  /** The signatures of the last hour, oldest first; the newest 4096 where there were more. */
  latencies(): readonly LatencySample[] {
    const since = this.#now().getTime() - WINDOW_MS
    while (this.#samples[0] !== undefined && this.#samples[0].atMs < since) this.#samples.shift()
    return this.#samples.map(({ sample }) => sample)
  }

  latencyReport(): LatencyReport {
    const sorted = Float64Array.from(this.latencies(), ({ totalMs }) => totalMs).sort()
    const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]
    return { count: sorted.length, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) }
  }
}

function decisionOf(event: SignEvent, at: string): Decision {
  const { requestId, key, outcome, code, reason, kind, chain, level, round } = event
  const { queueMs, syncMs, deviceMs, totalMs } = event
  const what = { key, outcome, code, reason, kind, chain, level, round }
  return { at, requestId, ...what, queueMs, syncMs, deviceMs, totalMs }
}
