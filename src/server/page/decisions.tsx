import { raw } from 'hono/html'
import { chainName, parseChainId } from '../../tezos/index.js'
import type { Decision, StatusReport } from '../status-report.js'
import { html } from './html.js'
import { Cell, Row, RowHead, Table } from './table.js'
import { At, Heading, Icon, milliseconds, plainly, shortened } from './words.js'

const OUTCOMES = {
  signed: { words: 'signed', icon: 'yes', tone: 'good' },
  repeated: { words: 'repeated', icon: 'again', tone: 'calm' },
  refused: { words: 'refused', icon: 'no', tone: 'bad' },
} as const

const HEAD = [
  'Time (UTC)',
  'Outcome',
  'Kind',
  'Chain',
  'Level / round',
  'Key',
  'Total ms',
  'Board',
  'Queue',
  'Disk',
]

/** Rows that were rendered before, and on which day: a decision never changes, and a hundred of them cost 5 ms. */
export type RowCache = WeakMap<Decision, { readonly day: string; readonly html: string }>

type DecisionsProps = { readonly report: StatusReport; readonly rows: RowCache }

/** What was decided lately, and why; the style sheet hides the outcomes that the reader filters away. */
export const Decisions = ({ report, rows }: DecisionsProps) => {
  const { decisions, at } = report
  const chains = new Map(report.marks.map(({ chain, chainName: name }) => [chain, name]))
  return (
    <>
      <div class="heading-line">
        <Heading of="decisions">Latest decisions</Heading>
        {decisions.length > 0 && <Filter decisions={decisions} />}
      </div>
      {decisions.length === 0 ? (
        <p class="quiet empty">
          Nothing was asked since the start. Every request will be listed here, with its reason.
        </p>
      ) : (
        <div class="scroll" role="group" aria-label="List of decisions" tabindex={0}>
          <Table
            caption="Latest decisions, newest first; durations in milliseconds"
            class="decisions"
            head={HEAD}
          >
            {decisions.map((decision) => raw(rendered(decision, rows, chains, at)))}
          </Table>
        </div>
      )}
    </>
  )
}

/** Works without a script: the style sheet looks at what is chosen. It sends nothing. */
const Filter = ({ decisions }: { readonly decisions: readonly Decision[] }) => (
  <fieldset class="filter">
    <legend class="unseen">Show decisions</legend>
    <Choice id="show-all" name={`All ${decisions.length}`} chosen />
    {(['signed', 'repeated', 'refused'] as const).map((outcome) => (
      <Choice
        id={`show-${outcome}`}
        name={`${OUTCOMES[outcome].words} ${decisions.filter((one) => one.outcome === outcome).length}`}
      />
    ))}
  </fieldset>
)

const Choice = ({
  id,
  name,
  chosen = false,
}: {
  readonly id: string
  readonly name: string
  readonly chosen?: boolean
}) => (
  <label>
    <input type="radio" name="show" id={id} checked={chosen} />
    <span>{name}</span>
  </label>
)

function rendered(
  decision: Decision,
  rows: RowCache,
  chains: ReadonlyMap<string, string>,
  now: string,
): string {
  const day = now.slice(0, 10)
  const known = rows.get(decision)
  if (known?.day === day) return known.html
  const text = html(<DecisionRow decision={decision} chains={chains} now={now} />)
  rows.set(decision, { day, html: text })
  return text
}

type DecisionProps = {
  readonly decision: Decision
  /** Names of chains by their ids. */
  readonly chains: ReadonlyMap<string, string>
  readonly now: string
}

const DecisionRow = ({ decision, chains, now }: DecisionProps) => {
  const { requestId, outcome, code, reason, kind, chain, level, round, key } = decision
  const { totalMs, deviceMs, queueMs, syncMs, at } = decision
  const { words, icon, tone } = OUTCOMES[outcome]
  return (
    <Row id={`decision-${requestId}`} outcome={outcome}>
      <RowHead class="time">
        <At at={at} now={now} />
      </RowHead>
      <Cell class="outcome">
        <span class={`badge ${tone}`}>
          <Icon name={icon} /> {words}
        </span>
        {code !== undefined && <span class="code">{plainly(code)}</span>}
        {reason !== undefined && <span class="reason">{reason}</span>}
      </Cell>
      <Cell class="what kind">{kind === undefined ? '–' : plainly(kind)}</Cell>
      <Cell class="what">
        {chain === undefined ? '–' : <span title={chain}>{chains.get(chain) ?? named(chain)}</span>}
      </Cell>
      <Cell class="what number">{level === undefined ? '–' : `${level} / ${round ?? 0}`}</Cell>
      <Cell class="what">
        <code title={key}>{shortened(key)}</code>
      </Cell>
      <Cell label="Total" class="number">
        {milliseconds(totalMs)}
      </Cell>
      <Cell label="Board" class="number">
        {milliseconds(deviceMs)}
      </Cell>
      <Cell label="Queue" class="number">
        {milliseconds(queueMs)}
      </Cell>
      <Cell label="Disk" class="number">
        {milliseconds(syncMs)}
      </Cell>
    </Row>
  )
}

/** A chain that no mark names: most often one that is not allowed. */
function named(chain: string): string {
  const id = parseChainId(chain)
  return shortened(id === undefined ? chain : chainName(id))
}
