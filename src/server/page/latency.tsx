import type { LatencySample, StatusReport } from '../status-report.js'
import { Cell, Row, RowHead, Table } from './table.js'
import { Heading, milliseconds, plainly } from './words.js'

/** The series of the plot and their shapes; `browser/plot.ts` draws the same ones. */
const SHAPES: readonly (readonly [kind: string, name: string, path: string])[] = [
  ['block', 'block', 'M3 3h8v8H3z'],
  ['preattestation', 'preattestation', 'M7 2l5 9.5H2z'],
  ['attestation', 'attestation', 'M7 2.5a4.5 4.5 0 1 0 .01 0z'],
  ['operation', 'operation', 'M7 1.5L12.5 7 7 12.5 1.5 7z'],
  ['other', 'other', 'M3 3l8 8m0-8l-8 8'],
  ['device', 'of that, the board', 'M2 7h10'],
]

type LatencyProps = { readonly report: StatusReport; readonly samples: readonly LatencySample[] }

/** How long signatures took over the last hour: a plot (drawn by the browser), and the same in numbers. */
export const Latency = ({ report: { latencies }, samples }: LatencyProps) => (
  <>
    <Heading of="latency">Time to sign, last hour</Heading>
    {latencies.count === 0 ? (
      <p class="quiet empty">No signature in the last hour.</p>
    ) : (
      <>
        <dl class="figures">
          <Figure name="Median" ms={latencies.p50Ms} />
          <Figure name="95 %" ms={latencies.p95Ms} />
          <Figure name="99 %" ms={latencies.p99Ms} />
          <Figure name="Slowest" ms={latencies.maxMs} />
          <div>
            <dt>Signatures</dt>
            <dd>{latencies.count}</dd>
          </div>
        </dl>
        <div
          id="latency-plot"
          role="img"
          aria-label="Milliseconds of each signature over the last hour, by kind. The tables below have the numbers."
          data-keep=""
        />
        <Legend />
        <details>
          <summary>The same in numbers</summary>
          <Breakdown
            caption="Time to sign by kind, in ms"
            of="Kind"
            groups={groupBy(samples, ({ kind }) => kind)}
          />
          <Breakdown
            caption="Time to sign by ten minutes, in ms"
            of="From (UTC)"
            groups={groupBy(samples, tenMinutesOf)}
          />
        </details>
      </>
    )}
  </>
)

const Figure = ({ name, ms }: { readonly name: string; readonly ms: number | undefined }) => (
  <div>
    <dt>{name}</dt>
    <dd>
      {milliseconds(ms)} <span class="unit">ms</span>
    </dd>
  </div>
)

const Legend = () => (
  <ul class="legend" aria-hidden="true">
    {SHAPES.map(([kind, name, path]) => (
      <li data-series={kind}>
        <svg viewBox="0 0 14 14">
          <path
            d={path}
            stroke="currentColor"
            stroke-width="2"
            fill={kind === 'other' || kind === 'device' ? 'none' : 'currentColor'}
          />
        </svg>
        {name}
      </li>
    ))}
  </ul>
)

type Groups = ReadonlyMap<string, readonly LatencySample[]>
type BreakdownProps = { readonly caption: string; readonly of: string; readonly groups: Groups }

const Breakdown = ({ caption, of, groups }: BreakdownProps) => (
  <Table
    caption={caption}
    class="breakdown"
    head={[of, 'Count', 'Median', '95 %', 'Slowest', 'Board, median']}
  >
    {[...groups].map(([name, samples]) => {
      const totals = sorted(samples, ({ totalMs }) => totalMs)
      const ofBoard = sorted(samples, ({ deviceMs }) => deviceMs)
      return (
        <Row>
          <RowHead>{/^\d\d:\d$/.test(name) ? `${name}0` : plainly(name)}</RowHead>
          <Cell label="Count">{samples.length}</Cell>
          <Cell label="Median">{milliseconds(at(totals, 0.5))}</Cell>
          <Cell label="95 %">{milliseconds(at(totals, 0.95))}</Cell>
          <Cell label="Slowest">{milliseconds(at(totals, 1))}</Cell>
          <Cell label="Board, median">{milliseconds(at(ofBoard, 0.5))}</Cell>
        </Row>
      )
    })}
  </Table>
)

function groupBy(samples: readonly LatencySample[], nameOf: (sample: LatencySample) => string): Groups {
  const groups = new Map<string, LatencySample[]>()
  for (const sample of samples) {
    const name = nameOf(sample)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [sample])
    else group.push(sample)
  }
  return groups
}

/** `16:3` of 16:30 to 16:39. An hour has no two of a name, and 4096 samples are too many to make dates of. */
function tenMinutesOf({ at }: LatencySample): string {
  return at.slice(11, 15)
}

function sorted(samples: readonly LatencySample[], value: (sample: LatencySample) => number): Float64Array {
  return Float64Array.from(samples, value).sort()
}

function at(values: Float64Array, share: number): number | undefined {
  return values[Math.ceil(share * values.length) - 1]
}
