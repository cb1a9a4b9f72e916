import type { AdminSource, Readiness, StatusReport } from '../../src/server/index.js'

/** A status report in which nothing has happened yet. */
export function quietReport(change: Partial<StatusReport> = {}): StatusReport {
  return {
    at: '2026-01-01T00:01:00.000Z',
    version: '1.2.3',
    startedAt: '2026-01-01T00:00:00.000Z',
    readiness: { ready: true, reasons: [] },
    device: {
      ...{ state: 'ready', since: '2026-01-01T00:00:01.000Z', path: '/dev/ttyACM0', simulated: false },
      ...{ lastError: undefined, reconnects: 0, lateReplies: 0, noiseBytes: 0 },
    },
    keys: [],
    marks: [],
    queue: { waiting: 0, capacity: 100 },
    latencies: { count: 0, p50Ms: undefined, p95Ms: undefined, p99Ms: undefined, maxMs: undefined },
    counts: { signed: 0, repeated: 0, refused: 0 },
    decisions: [],
    warnings: [],
    ...change,
  }
}

/** What the admin listener shows, with this readiness. */
export function adminSource(readiness: Readiness): AdminSource {
  return {
    status: () => quietReport({ readiness }),
    latencies: () => [],
    metrics: () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', text: 'tezio_ready 0\n' }),
  }
}
