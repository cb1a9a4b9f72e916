import { monotonicClock } from '../../src/clock.js'
import {
  LivePage,
  type AdminSource,
  type Assets,
  type LivePageOptions,
  type Readiness,
  type StatusReport,
} from '../../src/server/index.js'

/** A status report in which nothing has happened yet. */
export function quietReport(change: Partial<StatusReport> = {}): StatusReport {
  return {
    at: '2026-01-01T00:01:00.000Z',
    version: '1.2.3',
    startedAt: '2026-01-01T00:00:00.000Z',
    readiness: { ready: true, reasons: [] },
    device: {
      ...{ name: 'board', kind: 'tezio', keys: [] },
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
    onChange: () => () => undefined,
    metrics: () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', text: 'tezio_ready 0\n' }),
  }
}

/** Files of a page, far shorter than the real ones. */
export const ASSETS: Assets = {
  build: '0123456789abcdef',
  files: new Map([['page.css', { contentType: 'text/css', bytes: Uint8Array.from(Buffer.from('p{}')) }]]),
}

/** The operator's page over this source. */
export function livePage(source: AdminSource, options: Partial<LivePageOptions> = {}): LivePage {
  const onFault = (error: unknown) => {
    throw error
  }
  return new LivePage({ source, assets: ASSETS, clock: monotonicClock, onFault, ...options })
}
