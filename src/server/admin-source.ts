import type { LatencySample, StatusReport } from './status-report.js'

/** What the operator's listener tells. Everything is read from memory. */
export type AdminSource = {
  readonly status: () => StatusReport
  /** The signatures of the last hour, oldest first. */
  readonly latencies: () => readonly LatencySample[]
  /** Calls `listener` whenever something happened that may show, until the returned function is called. */
  readonly onChange: (listener: () => void) => () => void
  /** In Prometheus' text format. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
}
