import type { AdminSource } from '../admin-source.js'
import type { LatencySample, StatusReport } from '../status-report.js'
import type { PageState } from './browser/live-message.js'
import { Decisions, type RowCache } from './decisions.js'
import { Device } from './device.js'
import { Keys } from './keys.js'
import { Latency } from './latency.js'
import { Marks } from './marks.js'
import { Requests } from './requests.js'
import { pageState, pageTitle, Verdict } from './verdict.js'
import { html } from './html.js'
import { Warnings } from './warnings.js'

/** The sections of the page, in their order. */
export const SECTIONS = [
  'verdict',
  'warnings',
  'device',
  'requests',
  'latency',
  'keys',
  'marks',
  'decisions',
] as const

export type Section = (typeof SECTIONS)[number]

/** The whole state at one instant, rendered. */
export type Snapshot = {
  readonly report: StatusReport
  readonly state: PageState
  readonly title: string
  /** The HTML inside each section. */
  readonly sections: Readonly<Record<Section, string>>
  readonly samples: readonly LatencySample[]
}

/**
 * Renders what is now. Everything that came from outside is escaped. It may throw what the source throws. `rows` spares
 * the rendering of decisions that were rendered before.
 */
export function takeSnapshot(
  source: Pick<AdminSource, 'status' | 'latencies'>,
  rows: RowCache = new WeakMap(),
): Snapshot {
  const report = source.status()
  const samples = source.latencies()
  return {
    report,
    state: pageState(report),
    title: pageTitle(report),
    sections: renderSections(report, samples, rows),
    samples,
  }
}

function renderSections(
  report: StatusReport,
  samples: readonly LatencySample[],
  rows: RowCache,
): Snapshot['sections'] {
  return {
    verdict: html(<Verdict report={report} />),
    warnings: html(<Warnings report={report} />),
    device: html(<Device report={report} />),
    requests: html(<Requests report={report} />),
    latency: html(<Latency report={report} samples={samples} />),
    keys: html(<Keys report={report} />),
    marks: html(<Marks report={report} />),
    decisions: html(<Decisions report={report} rows={rows} />),
  }
}
