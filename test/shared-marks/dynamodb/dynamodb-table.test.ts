import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { comparePosition, decide, type Mark } from '../../../src/policy/index.js'
import type { DynamoDbTable } from '../../../src/shared-marks/dynamodb/index.js'
import { digestOf, GHOSTNET, MAINNET, signatureOf, TZ1, TZ3, wanted } from '../../policy/fixture.js'
import { LocalDynamoDb, SILENT, tacoinfraItem, type TestItem } from './local-dynamodb.js'
import { openTable } from './open-table.js'

const MARK = `Endorsement_${MAINNET}_${TZ1}`
const PLACE = { chain: MAINNET, key: TZ1, kind: 'attestation' } as const

let dynamoDb: LocalDynamoDb
beforeAll(async () => {
  dynamoDb = await LocalDynamoDb.start()
})
afterAll(() => dynamoDb.close())

let count = 0
let name: string
beforeEach(async () => {
  name = `signer-${++count}`
  await dynamoDb.createTable(name)
})

test('a mark is raised, and the item tells tacoinfra and us what stands', async () => {
  const table = await openTable(dynamoDb.url, { table: name, wallClock: () => new Date(1e12) })
  await table.seed([{ ...PLACE, level: 10, round: 0 }])
  const first = wanted(11, 2)
  expect(await table.raise(first, undefined, 100)).toEqual({
    raised: true,
    stands: { level: 11, round: 2, digest: first.digest, signature: undefined },
  })
  expect(await dynamoDb.item(name, MARK)).toMatchObject({
    ...tacoinfraItem(MARK, 11, 2),
    tezio: { M: { digest: { S: first.digest }, by: { S: 'host-a' }, at: { S: '2001-09-09T01:46:40.000Z' } } },
  })
})

test('each kind, chain and key has its own item under the name that tacoinfra gives it', async () => {
  const table = await openTable(dynamoDb.url, { table: name })
  const places = [
    { ...PLACE, kind: 'block' },
    { ...PLACE, kind: 'preattestation' },
    { ...PLACE, kind: 'attestation' },
    { ...PLACE, chain: GHOSTNET },
    { ...PLACE, key: TZ3 },
  ] as const
  const seeds = places.map((place, level) => ({ ...place, level, round: 0 }))
  expect(await table.seed(seeds)).toEqual(seeds)
  const names = [
    `Baking_${MAINNET}_${TZ1}`,
    `Preendorsement_${MAINNET}_${TZ1}`,
    `Endorsement_${MAINNET}_${TZ1}`,
    `Endorsement_${GHOSTNET}_${TZ1}`,
    `Endorsement_${MAINNET}_${TZ3}`,
  ]
  for (const [level, item] of names.entries()) {
    expect(await dynamoDb.item(name, item)).toMatchObject(tacoinfraItem(item, level, 0))
  }
})

test('the same payload again raises nothing and is told with its signature', async () => {
  const table = await openTable(dynamoDb.url, { table: name })
  await table.seed([{ ...PLACE, level: 10, round: 0 }])
  await table.raise(wanted(11), undefined, 100)
  await table.keepSignature(wanted(11), signatureOf(7))
  expect(await table.raise(wanted(11), undefined, 100)).toMatchObject({
    raised: false,
    stands: { level: 11, round: 0, digest: digestOf(1), signature: signatureOf(7) },
  })
})

test('another payload at the same level and round, or below, raises nothing', async () => {
  const table = await openTable(dynamoDb.url, { table: name })
  await table.seed([{ ...PLACE, level: 10, round: 0 }])
  await table.raise(wanted(11, 3), undefined, 100)
  for (const other of [wanted(11, 3, 2), wanted(11, 2, 2), wanted(10, 9, 2)]) {
    expect(await table.raise(other, undefined, 'off')).toMatchObject({
      raised: false,
      stands: { level: 11, round: 3, digest: digestOf(1) },
    })
  }
})

test('no request makes a first mark', async () => {
  const table = await openTable(dynamoDb.url, { table: name })
  expect(await table.raise(wanted(11), undefined, 'off')).toEqual({ raised: false, stands: undefined })
  expect(await table.raiseByHand({ ...PLACE, level: 5, round: 0 })).toEqual({
    outcome: 'refused',
    reason: 'no-mark',
    mark: undefined,
  })
  expect(await table.raiseTo({ ...PLACE, level: 5, round: 0, digest: undefined, signature: undefined })).toBe(
    false,
  )
  expect((await table.read()).marks).toEqual([])
})

test('a seed changes no mark that is there', async () => {
  const table = await openTable(dynamoDb.url, { table: name })
  const seeds = [
    { ...PLACE, level: 10, round: 0 },
    { ...PLACE, key: TZ3, level: 10, round: 0 },
  ]
  expect(await table.seed(seeds.slice(0, 1))).toEqual(seeds.slice(0, 1))
  const higher = seeds.map((seed) => ({ ...seed, level: 20 }))
  expect(await table.seed(higher)).toEqual(higher.slice(1))
  expect((await table.read()).marks.map(({ key, level }) => [key, level]).sort()).toEqual(
    [
      [TZ1, 10],
      [TZ3, 20],
    ].sort(),
  )
})

test('a mark is raised by hand, and only upwards', async () => {
  const table = await openTable(dynamoDb.url, { table: name })
  await table.seed([{ ...PLACE, level: 10, round: 0 }])
  await table.raise(wanted(11), undefined, 100)
  expect(await table.raiseByHand({ ...PLACE, level: 20, round: 1 })).toMatchObject({
    outcome: 'raised',
    from: { level: 11, digest: digestOf(1) },
  })
  for (const [level, round] of [
    [20, 1],
    [20, 0],
    [19, 5],
  ] as const) {
    expect(await table.raiseByHand({ ...PLACE, level, round })).toMatchObject({
      outcome: 'refused',
      reason: 'not-higher',
      mark: { level: 20, round: 1, digest: undefined },
    })
  }
})

test("another signer's mark is taken over where it is higher", async () => {
  const table = await openTable(dynamoDb.url, { table: name })
  await table.seed([{ ...PLACE, level: 10, round: 0 }])
  const mark = { ...PLACE, level: 12, round: 0, digest: digestOf(4), signature: signatureOf(4) }
  expect(await table.raiseTo(mark)).toBe(true)
  expect(await table.raiseTo(mark)).toBe(false)
  expect(await table.raiseTo({ ...mark, level: 11 })).toBe(false)
  expect((await table.read()).marks).toMatchObject([mark])
})

test('a signature is kept only beside the payload it belongs to', async () => {
  const table = await openTable(dynamoDb.url, { table: name })
  await table.seed([{ ...PLACE, level: 10, round: 0 }])
  await table.raise(wanted(11), undefined, 100)
  for (const other of [wanted(11, 0, 2), wanted(11, 1), wanted(12), wanted(11, 0, 1, { key: TZ3 })]) {
    await table.keepSignature(other, signatureOf(9))
  }
  expect((await table.read()).marks).toMatchObject([{ level: 11, signature: undefined }])
  expect((await table.read()).marks).toHaveLength(1)
})

test("an item of tacoinfra's forbids its own level and round to every payload, and is raised", async () => {
  const table = await openTable(dynamoDb.url, { table: name })
  expect(await dynamoDb.tacoinfraCheck(name, MARK, 50, 1)).toBe(true)
  expect(await table.raise(wanted(50, 1), undefined, 100)).toMatchObject({
    raised: false,
    stands: {
      level: 50,
      round: 1,
      digest: undefined,
      signature: undefined,
    },
  })
  expect((await table.read()).marks).toMatchObject([{ ...PLACE, raisedAt: '1970-01-01T00:00:00.000Z' }])
  expect(await table.raise(wanted(50, 0), undefined, 100)).toMatchObject({ raised: false })
  expect(await table.raise(wanted(50, 2), undefined, 100)).toMatchObject({ raised: true })
})

test("a signer of tacoinfra's is bound by what we raise, and we by what it raises", async () => {
  const table = await openTable(dynamoDb.url, { table: name })
  await dynamoDb.tacoinfraCheck(name, MARK, 50, 0)
  await table.raise(wanted(60, 2), undefined, 100)
  expect(await dynamoDb.tacoinfraCheck(name, MARK, 60, 2)).toBe(false)
  expect(await dynamoDb.tacoinfraCheck(name, MARK, 60, 1)).toBe(false)
  expect(await dynamoDb.tacoinfraCheck(name, MARK, 60, 3)).toBe(true)
  // it puts the whole item: our payload is gone with our attribute
  expect(await table.raise(wanted(60, 2), undefined, 100)).toMatchObject({
    raised: false,
    stands: { level: 60, round: 3, digest: undefined },
  })
})

test('a payload of ours that another signer left beside its own level counts for nothing', async () => {
  const table = await openTable(dynamoDb.url, { table: name })
  await table.seed([{ ...PLACE, level: 10, round: 0 }])
  await table.raise(wanted(11), undefined, 100)
  // an update of lastblock and lastround alone, as older versions of it make
  await dynamoDb.put(name, { ...(await dynamoDb.item(name, MARK)), lastround: { N: '4' } })
  expect(await table.raise(wanted(11, 4), undefined, 100)).toMatchObject({
    raised: false,
    stands: { level: 11, round: 4, digest: undefined },
  })
  await table.keepSignature(wanted(11), signatureOf(1))
  expect((await table.read()).marks).toMatchObject([{ level: 11, round: 4, signature: undefined }])
})

test('an item without a round, of the time before rounds, allows nothing more at its level', async () => {
  const table = await openTable(dynamoDb.url, { table: name })
  await dynamoDb.put(name, { sig_type: { S: MARK }, lastblock: { N: '50' } })
  expect(await table.raise(wanted(50, 9), undefined, 100)).toMatchObject({
    raised: false,
    stands: { level: 50, round: 2_147_483_647, digest: undefined },
  })
  expect(await table.raise(wanted(51), { level: 50, round: 3 }, 100)).toMatchObject({ raised: true })
})

const number = (max: number) => fc.integer({ min: 0, max })
const position = fc.record({ level: number(6), round: number(3) })
const anyMark = fc.record({
  level: number(6),
  round: fc.option(number(3)),
  own: fc.option(fc.record({ level: number(6), round: number(3), payload: fc.option(number(2)) })),
  isOwnPlace: fc.boolean(),
})
type AnyMark = typeof anyMark extends fc.Arbitrary<infer T> ? T : never

test.each(['signer-told', `${SILENT}-signer`])(
  'a raise in %s does what decide says of the mark, and not below the floor',
  async (tableName) => {
    await dynamoDb.createTable(tableName)
    const table = await openTable(dynamoDb.url, { table: tableName })
    await fc.assert(
      fc.asyncProperty(
        fc.option(anyMark),
        position,
        number(2),
        fc.option(position, { nil: undefined }),
        fc.constantFrom(0, 1, 3, 'off' as const),
        async (before, place, payload, floor, gap) => {
          await dynamoDb.remove(tableName, MARK)
          const request = wanted(place.level, place.round, payload)
          if (before !== null) await dynamoDb.put(tableName, itemOf(before))
          const mark = await standing(table)
          const verdict = decide(request, mark, gap)
          const isRaised =
            verdict.verdict === 'advance' &&
            (floor === undefined || comparePosition(verdict.from, floor) >= 0)
          const { raised, stands } = await table.raise(request, floor, gap)
          expect(raised).toBe(isRaised)
          const { level, round, digest } = request
          if (isRaised) expect(stands).toMatchObject({ level, round, digest, signature: undefined })
          else expect(stands).toEqual(mark)
          expect(await standing(table)).toEqual(stands)
        },
      ),
      { numRuns: 150 },
    )
  },
)

async function standing(table: DynamoDbTable): Promise<Mark | undefined> {
  const record = (await table.read()).marks[0]
  return (
    record && { level: record.level, round: record.round, digest: record.digest, signature: record.signature }
  )
}

/** Any mark that either signer, or a person, may have left. */
function itemOf({ level, round, own, isOwnPlace }: AnyMark): TestItem {
  const item: TestItem = { sig_type: { S: MARK }, lastblock: { N: String(level) } }
  if (round !== null) item['lastround'] = { N: String(round) }
  if (own === null) return item
  const at = isOwnPlace ? { level, round: round ?? 0 } : own
  const digest = own.payload === null ? {} : { digest: { S: digestOf(own.payload) } }
  const part: TestItem = {
    level: { N: String(at.level) },
    round: { N: String(at.round) },
    at: { S: '2026-01-01T00:00:00.000Z' },
    ...digest,
  }
  return { ...item, tezio: { M: part } }
}

test.each(['signer-crowd', `${SILENT}-crowd`])(
  'of many raises in %s to one level and round at once exactly one payload wins, and all are told it',
  async (tableName) => {
    await dynamoDb.createTable(tableName)
    const hosts = await Promise.all(
      ['a', 'b', 'c'].map((host) => openTable(dynamoDb.url, { table: tableName, host })),
    )
    await hosts[0]!.seed([{ ...PLACE, level: 0, round: 0 }])
    for (let level = 1; level <= 20; level += 1) {
      const answers = await Promise.all(
        hosts.flatMap((host, index) =>
          [0, 1, 2].map((offset) => host.raise(wanted(level, 0, index * 3 + offset), undefined, 100)),
        ),
      )
      expect(answers.filter(({ raised }) => raised)).toHaveLength(1)
      expect(new Set(answers.map(({ stands }) => stands?.digest)).size).toBe(1)
      const winner = answers.findIndex(({ raised }) => raised)
      expect(answers[winner]?.stands?.digest).toBe(digestOf(winner))
    }
  },
)

test('of many raises of one payload at once exactly one raised it', async () => {
  const table = await openTable(dynamoDb.url, { table: name })
  await table.seed([{ ...PLACE, level: 10, round: 0 }])
  const answers = await Promise.all(Array.from({ length: 12 }, () => table.raise(wanted(11), undefined, 5)))
  expect(answers.filter(({ raised }) => raised)).toHaveLength(1)
  for (const { stands } of answers) expect(stands?.digest).toBe(digestOf(1))
})

test('levels and rounds are compared as numbers up to the highest int32', async () => {
  const table = await openTable(dynamoDb.url, { table: name })
  const highest = 2_147_483_647
  await table.seed([{ ...PLACE, level: 9, round: 0 }])
  expect(await table.raise(wanted(10, 9), undefined, 'off')).toMatchObject({ raised: true })
  expect(await table.raise(wanted(10, 10), undefined, 'off')).toMatchObject({ raised: true })
  expect(await table.raise(wanted(highest, highest), undefined, 'off')).toMatchObject({ raised: true })
  expect(await table.raise(wanted(highest, highest - 1, 2), undefined, 'off')).toMatchObject({
    raised: false,
    stands: { level: highest, round: highest, digest: digestOf(1) },
  })
})

test('a mark seeded at level 0 may go anywhere once, and is held to the level gap from then on', async () => {
  const table = await openTable(dynamoDb.url, { table: name })
  await table.seed([{ ...PLACE, level: 0, round: 0 }])
  expect(await table.raise(wanted(5_000_000), undefined, 10)).toMatchObject({ raised: true })
  expect(await table.raise(wanted(5_000_011), undefined, 10)).toMatchObject({ raised: false })
  expect(await table.raise(wanted(5_000_010), undefined, 10)).toMatchObject({ raised: true })
})

test('everything in a table of many pages is read', async () => {
  const table = await openTable(dynamoDb.url, { table: name })
  // foreign items of 390 KB: a page ends at 1 MB
  const filler = { S: 'x'.repeat(390_000) }
  for (let item = 0; item < 6; item += 1) {
    await dynamoDb.put(name, { sig_type: { S: `of somebody else ${item}` }, filler })
  }
  const keys = [TZ1, TZ3].flatMap((key) => [MAINNET, GHOSTNET].map((chain) => ({ ...PLACE, key, chain })))
  await table.seed(keys.map((place, level) => ({ ...place, level, round: 0 })))
  expect((await table.read()).marks.map(({ level }) => level).sort()).toEqual([0, 1, 2, 3])
})
