import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, describeSignable, parseSignable, type OperationContent } from '../../src/tezos/index.js'
import { block, counted, filled, managerContent, operation, vote, zarithN } from './build-payload.js'
import { hex, payload, payloadVectors } from './golden-data.js'

type Row = Readonly<Record<string, string>>

const BY_TAQUITO = Object.entries(
  JSON.parse(
    readFileSync(new URL('../vectors/operations-read-by-taquito.json', import.meta.url), 'utf8'),
  ) as Readonly<Record<string, readonly Row[]>>,
)
const OPERATIONS = payloadVectors.filter(({ magic }) => magic === '0x03').map(({ hex: text }) => hex(text))

function contentsOf(bytes: Uint8Array): readonly OperationContent[] {
  const parsed = parseSignable(bytes)
  if (parsed.outcome !== 'parsed' || parsed.signable.kind !== 'operation') throw new Error('not an operation')
  return parsed.signable.contents
}

function onlyContent(bytes: Uint8Array): OperationContent {
  const [content, ...others] = contentsOf(bytes)
  if (content === undefined || others.length > 0) throw new Error('not one content')
  return content
}

/** What this project calls a field that Taquito has another name for. */
const NAMES: Readonly<Record<string, string>> = {
  fee: 'feeMutez',
  gas_limit: 'gasLimit',
  storage_limit: 'storageLimit',
  amount: 'amountMutez',
  balance: 'balanceMutez',
  limit: 'limitMutez',
  public_key: 'publicKey',
  pk: 'publicKey',
  ticket_amount: 'ticketAmount',
  ticket_ticketer: 'ticketer',
  consensus_key: 'consensusKey',
}
/** Michelson's letters are Latin; the letters of this one are not, and are shown as bytes. */
const NOT_A_NAME = 'entrypoint©Ͻ'

describe('what Taquito reads is read alike', () => {
  test.each(BY_TAQUITO)('%s', (name, expected) => {
    const parsed = parseSignable(payload(name))
    if (parsed.outcome !== 'parsed') throw new Error('malformed')
    const { contents = [] } = describeSignable(parsed.signable)
    expect(contents).toHaveLength(expected.length)
    for (const [index, row] of expected.entries()) {
      for (const [field, value] of Object.entries(row)) {
        if (row.kind === 'increase_paid_storage' && field === 'amount') continue // bytes, which are not read
        const text = value === NOT_A_NAME ? `hex:${Buffer.from(value).toString('hex')}` : value
        expect([field, String(contents[index]?.[NAMES[field] ?? field])]).toEqual([field, text])
      }
    }
  })

  test('and a good part of the vectors is among them', () => {
    expect(BY_TAQUITO.length).toBeGreaterThan(45)
  })
})

describe('a transaction', () => {
  const OWN = concatBytes(Uint8Array.of(0x00, 0x00), filled(20)) // the source of managerContent
  const OTHER = concatBytes(Uint8Array.of(0x00, 0x00), filled(20, 0xac))
  const call = (destination: Uint8Array, ...entrypoint: readonly Uint8Array[]) =>
    onlyContent(
      operation(
        managerContent(108, zarithN(7n), destination, Uint8Array.of(0xff), ...entrypoint, counted(filled(2))),
      ),
    )

  test('names its entrypoint by its tag', () => {
    const names = Array.from({ length: 10 }, (_, tag) => call(OTHER, Uint8Array.of(tag)).entrypoint)
    expect(names).toEqual([
      ...['default', 'root', 'do', 'set_delegate', 'remove_delegate', 'deposit'],
      ...['stake', 'unstake', 'finalize_unstake', 'set_delegate_parameters'],
    ])
    expect(call(OTHER, Uint8Array.of(0xff), shortText('mint')).entrypoint).toBe('mint')
    expect(call(OTHER, Uint8Array.of(0xff), shortText('a b')).entrypoint).toBe('hex:612062')
  })

  test('to its own source stakes, and to another one does not', () => {
    for (const [tag, name] of [
      [6, 'stake'],
      [7, 'unstake'],
      [8, 'finalize_unstake'],
      [9, 'set_delegate_parameters'],
    ] as const) {
      expect(call(OWN, Uint8Array.of(tag)).pseudo).toBe(name)
      expect(call(OTHER, Uint8Array.of(tag)).pseudo).toBeUndefined()
    }
    expect(call(OWN, Uint8Array.of(0)).pseudo).toBeUndefined()
  })

  test('whose entrypoint has no letters, or more than 31, is not read', () => {
    const long = (size: number) =>
      contentsOf(
        operation(
          managerContent(
            108,
            ...[zarithN(7n), OTHER, Uint8Array.of(0xff, 0xff, size), filled(size, 0x61), counted(filled(2))],
          ),
        ),
      )
    expect(long(31)).toMatchObject([{ kind: 'transaction', amountMutez: 7n }])
    for (const size of [0, 32, 255])
      expect(long(size)).toEqual([{ kind: 'transaction' }, { kind: 'unknown' }])
  })

  test('of 2^63 mutez is not one, and of one mutez less is', () => {
    const of = (amount: bigint) =>
      contentsOf(operation(managerContent(108, zarithN(amount), OTHER, Uint8Array.of(0))))
    expect(of(2n ** 63n - 1n)).toMatchObject([{ amountMutez: 9_223_372_036_854_775_807n }])
    expect(of(2n ** 63n)).toEqual([{ kind: 'transaction' }, { kind: 'unknown' }])
  })
})

test('numbers that may be large are told as text, and what is not there is left out', () => {
  const parsed = parseSignable(payload('taquito Transaction with stake'))
  if (parsed.outcome !== 'parsed') throw new Error('malformed')
  expect(JSON.parse(JSON.stringify(describeSignable(parsed.signable)))).toEqual({
    kind: 'operation',
    magicByte: '0x03',
    contents: [
      {
        kind: 'transaction',
        pseudo: 'stake',
        source: 'tz1eDDguimfor6kkt96Ri4pBeEZXEzvuyjQX',
        feeMutez: '0',
        counter: '407',
        gasLimit: '1040000',
        storageLimit: '60000',
        amountMutez: '1000000000',
        destination: 'tz1eDDguimfor6kkt96Ri4pBeEZXEzvuyjQX',
        entrypoint: 'stake',
      },
    ],
  })
})

test.each([
  [block({ level: 12, round: 3 }), 'block', 'block'],
  [vote({ tag: 0x17, level: 12, round: 3 }), 'attestation', 'attestation_with_dal'],
])('a block or vote is told with its place', (bytes, kind, name) => {
  const parsed = parseSignable(bytes)
  if (parsed.outcome !== 'parsed') throw new Error('malformed')
  const place = { chain: 'NetXdQprcVkpaWU', level: 12, round: 3 }
  expect(describeSignable(parsed.signable)).toMatchObject({ kind, operation: name, ...place })
})

test('bytes that were changed anywhere are read or unknown, and amounts stay amounts', () => {
  const changed = fc
    .tuple(
      fc.constantFrom(...OPERATIONS.filter(({ length }) => length < 1016)),
      fc.array(fc.tuple(fc.nat(1015), fc.nat(255)), { maxLength: 4 }),
    )
    .map(([bytes, changes]) =>
      changes.reduce((now, [at, value]) => (at > 0 && at < now.length ? now.with(at, value) : now), bytes),
    )
  const anything = fc.uint8Array({ maxLength: 200 }).map((rest) => concatBytes(Uint8Array.of(0x03), rest))
  fc.assert(
    fc.property(fc.oneof(changed, anything), (bytes) => {
      const contents = contentsOf(bytes)
      for (const { feeMutez = 0n, amountMutez = 0n, balanceMutez = 0n } of contents) {
        for (const mutez of [feeMutez, amountMutez, balanceMutez]) {
          expect(mutez >= 0n && mutez < 2n ** 63n).toBe(true)
        }
      }
      const signable = { kind: 'operation', magicByte: 0x03, contents } as const
      expect(JSON.parse(JSON.stringify(describeSignable(signable)))).toEqual(describeSignable(signable))
    }),
    { numRuns: 2000 },
  )
})

function shortText(text: string): Uint8Array {
  return concatBytes(Uint8Array.of(text.length), new TextEncoder().encode(text))
}
