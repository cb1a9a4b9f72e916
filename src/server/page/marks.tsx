import type { MarkReport, StatusReport } from '../status-report.js'
import { Cell, Row, RowHead, Table } from './table.js'
import { Ago, Heading, shortened } from './words.js'

const KINDS = [
  ['block', 'Block'],
  ['preattestation', 'Preattestation'],
  ['attestation', 'Attestation'],
] as const

const STATES: Readonly<Record<MarkReport['state'], string>> = {
  signed: 'signed',
  raised: 'raised, no signature kept',
  set: 'set by an operator',
}

/** The high-water marks: a row for each key of a chain, a column for each kind. */
export const Marks = ({ report: { marks, at } }: { readonly report: StatusReport }) => {
  const rows = new Map<string, MarkReport[]>()
  for (const mark of marks) {
    const id = `${mark.chain}-${mark.key}`
    rows.set(id, [...(rows.get(id) ?? []), mark])
  }
  return (
    <>
      <Heading of="marks">High-water marks</Heading>
      {marks.length === 0 ? (
        <p class="quiet">No key has a mark: no block and no vote is signed.</p>
      ) : (
        <>
          <p class="quiet">Level / round. Nothing below a mark is ever signed.</p>
          <Table
            caption="High-water marks as level / round, by chain and key"
            class="marks"
            head={['Chain and key', ...KINDS.map(([, name]) => name)]}
          >
            {[...rows].map(([id, ofKey]) => (
              <MarkRow id={id} marks={ofKey} now={at} />
            ))}
          </Table>
        </>
      )}
    </>
  )
}

type MarkRowProps = { readonly id: string; readonly marks: readonly MarkReport[]; readonly now: string }

const MarkRow = ({ id, marks, now }: MarkRowProps) => {
  const [first] = marks
  if (first === undefined) return <></>
  return (
    <Row id={`mark-${id}`}>
      <RowHead>
        <span title={first.chain}>{first.chainName}</span>{' '}
        <code title={first.key}>{shortened(first.key)}</code>
      </RowHead>
      {KINDS.map(([kind, name]) => (
        <Cell label={name}>
          <Mark mark={marks.find((mark) => mark.kind === kind)} now={now} />
        </Cell>
      ))}
    </Row>
  )
}

const Mark = ({ mark, now }: { readonly mark: MarkReport | undefined; readonly now: string }) => {
  if (mark === undefined) return <span class="quiet">no mark</span>
  return (
    <>
      <span class="level">
        {mark.level} / {mark.round}
      </span>
      <span class="quiet">
        {STATES[mark.state]} <Ago at={mark.raisedAt} now={now} />
      </span>
    </>
  )
}
