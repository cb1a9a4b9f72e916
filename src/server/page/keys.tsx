import { placeOf, type KeyReport, type StatusReport } from '../status-report.js'
import { Cell, Row, RowHead, Table } from './table.js'
import { Ago, Heading, Icon, Since } from './words.js'

const CURVES: Readonly<Record<KeyReport['curve'], string>> = {
  ed25519: 'Ed25519',
  secp256k1: 'secp256k1',
  p256: 'P-256',
}

/** First bytes in words. */
const FIRST_BYTES: Readonly<Record<string, string>> = {
  '0x03': 'operations',
  '0x05': 'Michelson data',
  '0x11': 'blocks',
  '0x12': 'preattestations',
  '0x13': 'attestations',
}

/** The configured keys and what they may sign. */
export const Keys = ({ report }: { readonly report: StatusReport }) => (
  <>
    <Heading of="keys">Keys</Heading>
    <Table
      caption="Configured keys"
      class="keys"
      head={['Address', 'Curve', 'Place', 'Signs', 'Last mark signed', 'State']}
    >
      {report.keys.map((key) => (
        <KeyRow report={key} place={placeOf(key, report)} now={report.at} />
      ))}
    </Table>
  </>
)

type KeyRowProps = { readonly report: KeyReport; readonly place: string; readonly now: string }

const KeyRow = ({ report, place, now }: KeyRowProps) => {
  const { address, curve, signs, lastSignedAt, quarantinedSince } = report
  return (
    <Row id={`key-${address}`}>
      <RowHead>
        <code id={`address-${address}`} class="address">
          {address}
        </code>
        <button type="button" class="copy" data-copy={`address-${address}`} aria-label={`Copy ${address}`}>
          Copy
        </button>
      </RowHead>
      <Cell label="Curve">{CURVES[curve]}</Cell>
      <Cell label="Place">{place}</Cell>
      <Cell label="Signs">{inWords(signs)}</Cell>
      <Cell label="Last mark signed">
        {lastSignedAt === undefined ? (
          <span class="quiet">never yet</span>
        ) : (
          <Ago at={lastSignedAt} now={now} />
        )}
      </Cell>
      <Cell label="State">
        {quarantinedSince === undefined ? (
          'in use'
        ) : (
          <span class="badge bad">
            <Icon name="no" /> quarantine <Since at={quarantinedSince} now={now} />
          </span>
        )}
      </Cell>
    </Row>
  )
}

function inWords(signs: string): string {
  if (signs === 'any') return 'anything'
  return signs
    .split(' ')
    .map((byte) => FIRST_BYTES[byte] ?? byte)
    .join(', ')
}
