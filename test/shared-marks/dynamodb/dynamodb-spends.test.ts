import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import type { WantedSpend } from '../../../src/policy/index.js'
import { MAX_SPENDS, spendsAttributes } from '../../../src/shared-marks/dynamodb/spend-item.js'
import { digestOf, TZ1, TZ3 } from '../../policy/fixture.js'
import { cutAfter, Front, pass, type Misdeed } from './front.js'
import { LocalDynamoDb } from './local-dynamodb.js'
import { openTable, stateErrorFrom, troubleFrom } from './open-table.js'

let dynamoDb: LocalDynamoDb
let count = 0
let table: string
let front: Front
beforeAll(async () => {
  dynamoDb = await LocalDynamoDb.start()
})
afterAll(() => dynamoDb.close())
beforeEach(async () => {
  table = `signer-${++count}`
  await dynamoDb.createTable(table)
  front = await Front.start(dynamoDb.port)
  onTestFinished(() => front.close())
})

const HOUR_MS = 3_600_000
const WINDOWS = [{ hours: 1, maxMutez: 100, maxFeeMutez: undefined }]
const NAME = `tezio-bridge/spends/${TZ1}`

function spend(payload: number, mutez = 40n, key = TZ1): WantedSpend {
  return { key, digest: digestOf(payload), mutez, feeMutez: 1n }
}

/** The server's clock, as its answers tell it. */
function at(time: string | undefined): Misdeed {
  return async (forward, response) => {
    const { status, headers, body } = await forward()
    response.sendDate = false
    const others = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'date'))
    response.writeHead(status, { ...others, ...(time === undefined ? {} : { date: time }) }).end(body)
  }
}

test('what all hosts spent counts in the windows of each', async () => {
  const [one, other] = await Promise.all(['a', 'b'].map((host) => openTable(dynamoDb.url, { table, host })))
  expect(await one!.reserveSpend(spend(1), WINDOWS)).toEqual({ verdict: 'reserve' })
  expect(await other!.reserveSpend(spend(2), WINDOWS)).toEqual({ verdict: 'reserve' })
  expect(await other!.reserveSpend(spend(1), WINDOWS)).toEqual({ verdict: 'counted' })
  expect(await one!.reserveSpend(spend(3), WINDOWS)).toMatchObject({ verdict: 'deny' })
  expect(await one!.reserveSpend(spend(3, 40n, TZ3), WINDOWS)).toEqual({ verdict: 'reserve' })
  const { spends } = await one!.read()
  expect(spends.map(({ key, digest, mutez, feeMutez }) => ({ key, digest, mutez, feeMutez }))).toEqual(
    expect.arrayContaining([spend(1), spend(2), spend(3, 40n, TZ3)]),
  )
})

test('of many spends at once exactly those are let through that the window has room for', async () => {
  const hosts = await Promise.all(['a', 'b', 'c'].map((host) => openTable(dynamoDb.url, { table, host })))
  const verdicts = await Promise.all(
    hosts.flatMap((host, index) =>
      [0, 1].map((offset) => host.reserveSpend(spend(index * 2 + offset, 30n), WINDOWS)),
    ),
  )
  expect(verdicts.filter(({ verdict }) => verdict === 'reserve')).toHaveLength(3)
  expect((await hosts[0]!.read()).spends).toHaveLength(3)
})

test("windows pass by the server's time, whatever the clock of the host says", async () => {
  const opened = await openTable(front.url, { table, wallClock: () => new Date(0) })
  front.always = at('Sun, 01 Feb 2026 12:00:00 GMT')
  await opened.reserveSpend(spend(1, 100n), WINDOWS)
  front.always = at('Sun, 01 Feb 2026 12:59:59 GMT')
  expect(await opened.reserveSpend(spend(2), WINDOWS)).toMatchObject({ verdict: 'deny' })
  front.always = at('Sun, 01 Feb 2026 13:00:00 GMT')
  expect(await opened.reserveSpend(spend(2), WINDOWS)).toEqual({ verdict: 'reserve' })
})

test('a server that does not tell its time lets no spend through', async () => {
  const opened = await openTable(front.url, { table })
  await opened.reserveSpend(spend(1), WINDOWS)
  for (const time of [undefined, 'noon']) {
    front.always = at(time)
    expect(await troubleFrom(opened.reserveSpend(spend(2), WINDOWS))).toMatch(
      /^marks-unavailable: .*did not say what time it is/,
    )
  }
})

test('a spend whose answer was lost is counted once', async () => {
  const opened = await openTable(front.url, { table })
  front.misdeeds.push(pass, cutAfter)
  expect(await opened.reserveSpend(spend(1, 60n), WINDOWS)).toEqual({ verdict: 'reserve' })
  expect((await opened.read()).spends).toHaveLength(1)
  expect(await opened.reserveSpend(spend(2, 40n), WINDOWS)).toEqual({ verdict: 'reserve' })
})

test('what no window can need is forgotten, and the newest time of a payload is kept', async () => {
  const opened = await openTable(front.url, { table })
  const begin = Date.parse('2026-02-01T00:00:00Z')
  for (const [payload, hours] of [
    [1, 0],
    [2, 700],
    [3, 744],
    [2, 800],
  ] as const) {
    front.always = at(new Date(begin + hours * HOUR_MS).toUTCString())
    await opened.reserveSpend(spend(payload, 10n), WINDOWS)
  }
  expect((await opened.read()).spends.map(({ digest, at: time }) => [digest, time])).toEqual([
    [digestOf(3), new Date(begin + 744 * HOUR_MS).toISOString()],
    [digestOf(2), new Date(begin + 800 * HOUR_MS).toISOString()],
  ])
})

test('as many spends as are allowed fit into one item, and one more is refused by name', async () => {
  // of two hours ago: no window below counts them, and a longer one might
  const at = new Date(Date.now() - 2 * HOUR_MS).toISOString()
  const most = { key: TZ1, mutez: 2n ** 63n - 1n, feeMutez: 2n ** 63n - 1n, at }
  const known = Array.from({ length: MAX_SPENDS - 1 }, (_, payload) => ({
    ...most,
    digest: digestOf(payload),
  }))
  await dynamoDb.put(table, { sig_type: { S: NAME }, tezio: { M: spendsAttributes(7, known) } })
  const opened = await openTable(dynamoDb.url, { table })
  expect(await opened.reserveSpend(spend(MAX_SPENDS), WINDOWS)).toEqual({ verdict: 'reserve' })
  expect((await opened.read()).spends).toHaveLength(MAX_SPENDS)
  const verdict = await opened.reserveSpend(spend(MAX_SPENDS + 1), WINDOWS)
  expect(verdict.verdict === 'deny' && verdict.because).toContain('at most 3000 operations of one key')
  expect(await opened.reserveSpend(spend(5), WINDOWS)).toEqual({ verdict: 'reserve' })
})

test('spends that nobody of us wrote are not spent upon', async () => {
  const opened = await openTable(dynamoDb.url, { table })
  await dynamoDb.put(table, { sig_type: { S: NAME }, tezio: { M: { version: { N: '1' } } } })
  expect(await troubleFrom(opened.reserveSpend(spend(1), WINDOWS))).toMatch(
    new RegExp(`^marks-schema: .*${NAME}`),
  )
})

test('a key in quarantine is so for every host until one releases it, and may be held again', async () => {
  const [one, other] = await Promise.all(
    ['a', 'b'].map((host) => openTable(dynamoDb.url, { table, host, wallClock: () => new Date(1e12) })),
  )
  await one!.quarantine(TZ1, digestOf(1))
  await other!.quarantine(TZ1, digestOf(2))
  const held = { key: TZ1, digest: digestOf(1), since: '2001-09-09T01:46:40.000Z' }
  expect((await other!.read()).quarantines).toEqual([held])
  expect(await other!.clearQuarantine(TZ1)).toBe(true)
  expect(await one!.clearQuarantine(TZ1)).toBe(false)
  expect(await one!.clearQuarantine(TZ3)).toBe(false)
  expect((await one!.read()).quarantines).toEqual([])
  await one!.quarantine(TZ1, digestOf(3))
  expect((await other!.read()).quarantines).toEqual([{ ...held, digest: digestOf(3) }])
})

test('a quarantine that nobody of us wrote is not taken for none', async () => {
  const opened = await openTable(dynamoDb.url, { table })
  await dynamoDb.put(table, { sig_type: { S: `tezio-bridge/quarantine/${TZ1}` } })
  expect(await stateErrorFrom(opened.read())).toMatchObject({ code: 'marks-schema' })
})
