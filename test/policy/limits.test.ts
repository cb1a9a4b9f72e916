import { describe, expect, test } from 'vitest'
import { concatBytes } from '../../src/tezos/index.js'
import { block, vote } from '../tezos/build-payload.js'
import { FailingFiles, recordingFiles } from './fixture.js'
import { LimitsBench, own } from './limits-bench.js'
import { SimulatedDisk } from './simulated-disk.js'

/** 407 mutez at a fee of 33. */
const TRANSFER = own('octez-codec transaction-to')
/** 1000 mutez at a fee of 10000. */
const LARGER = own('taquito transaction')
/** Another payload of the same amounts: its branch is another one. */
const again = (index: number) => TRANSFER.with(1, index)

const window = (maxMutez: number, hours = 24) =>
  `allowed_ops: [0x03, 0x11, 0x13]\ntransactions: { spend_windows: { hours: ${hours}, max_mutez: ${maxMutez} } }\n`

describe('a spend window', () => {
  test('lets its sum through and not one mutez more, and a repetition counts once', async () => {
    const bench = new LimitsBench(window(2 * 407))
    expect(await bench.ask(TRANSFER)).toBe('signed')
    expect(await bench.ask(TRANSFER)).toBe('signed')
    expect(await bench.ask(again(1))).toBe('signed')
    expect(await bench.ask(again(2))).toBe('spend-limit')
    expect(bench.asked).toEqual([TRANSFER, TRANSFER, again(1)])
    expect(bench.events.at(-1)).toMatchObject({ rule: 'transactions.spend_windows', admitted: true })
    bench.close()
  })

  test('is written and synced before the device is asked', async () => {
    const calls: string[] = []
    const bench = new LimitsBench(window(1000), { files: recordingFiles(calls) })
    const { answer } = bench
    bench.answer = (payload) => {
      calls.push('device')
      return answer(payload)
    }
    calls.length = 0
    expect(await bench.ask(TRANSFER)).toBe('signed')
    const order = calls.filter((call) => /^(?:write|fdatasync|device)/.test(call))
    expect(order).toEqual(['writeSync', 'fdatasyncSync', 'device'])
    bench.close()
  })

  test('keeps counting what the device failed to sign, for it may have been signed', async () => {
    const bench = new LimitsBench(window(407))
    const { answer } = bench
    bench.answer = () => ({ outcome: 'failed', code: 'device-timeout', message: 'no reply', sent: true })
    expect(await bench.ask(TRANSFER)).toBe('device-timeout')
    bench.answer = answer
    expect(await bench.ask(again(1))).toBe('spend-limit')
    expect(await bench.ask(TRANSFER)).toBe('signed')
    bench.close()
  })

  test('counts nothing of what another rule or a full window refuses', async () => {
    const bench = new LimitsBench(`${window(1000)}allow: [transaction]\n`)
    expect(await bench.ask(own('octez-codec delegation'))).toBe('operation-not-allowed')
    expect(await bench.ask(LARGER.with(1, 1))).toBe('signed')
    expect(await bench.ask(TRANSFER)).toBe('spend-limit')
    expect(bench.store.spends()).toHaveLength(1)
    bench.close()
  })

  test('survives a restart and a reload, and holds by the limit in force', async () => {
    const bench = new LimitsBench(window(1000))
    expect(await bench.ask(TRANSFER)).toBe('signed')
    bench.restart()
    expect(await bench.ask(LARGER)).toBe('spend-limit')
    bench.reload(window(1407))
    expect(await bench.ask(LARGER)).toBe('signed')
    bench.reload(window(1406))
    expect(await bench.ask(LARGER)).toBe('spend-limit')
    bench.close()
  })

  test('counts what an origination gives', async () => {
    const bench = new LimitsBench(window(84_142))
    const originate = own('octez-codec origination') // with 84143 mutez
    expect(await bench.ask(originate)).toBe('spend-limit')
    bench.reload(window(84_143))
    expect(await bench.ask(originate)).toBe('signed')
    bench.close()
  })

  test('frees what is older than itself', async () => {
    const bench = new LimitsBench(window(407, 1))
    expect(await bench.ask(TRANSFER)).toBe('signed')
    bench.wallClock = new Date(bench.wallClock.getTime() + 3_599_999)
    expect(await bench.ask(again(1))).toBe('spend-limit')
    bench.wallClock = new Date(bench.wallClock.getTime() + 1)
    expect(await bench.ask(again(1))).toBe('signed')
    bench.close()
  })

  test('is not asked about blocks, votes and staking, which move nothing', async () => {
    const bench = new LimitsBench(window(0))
    expect(await bench.ask(block({ level: 5 }))).toBe('signed')
    expect(await bench.ask(vote({ tag: 0x15, level: 5 }))).toBe('signed')
    expect(await bench.ask(stake())).toBe('signed')
    expect(await bench.ask(TRANSFER)).toBe('spend-limit')
    bench.close()
  })

  test('refuses while the journal cannot be written, and the device is not asked', async () => {
    const failing = new FailingFiles()
    const bench = new LimitsBench(window(1000), { files: failing.files })
    failing.operation = 'fdatasyncSync'
    expect(await bench.ask(TRANSFER)).toBe('state-write-failed')
    expect(bench.asked).toEqual([])
    failing.operation = undefined
    // It may be in the file: whether it counts or not, a window never has more room than it should.
    expect(await bench.ask(LARGER)).toBe('spend-limit')
    bench.close()
  })
})

/** The recorded stake, with its destination the key as well. */
function stake(): Uint8Array {
  const bytes = own('taquito Transaction with stake')
  const recorded = bytes.length - 22 - 1 - 1 - 4 - 2 // contract, ff, the entrypoint, and two bytes of Unit
  return concatBytes(
    bytes.subarray(0, recorded),
    Uint8Array.of(0x00),
    bytes.subarray(34, 55),
    bytes.subarray(recorded + 22),
  )
}

/** One spend by a process that dies at one of its operations on the disk, and what the next process says. */
async function dies(at: number, when: 'before' | 'halfway' | 'behind') {
  const bench = new LimitsBench(window(407))
  const { directory } = bench
  bench.close()
  const disk = new SimulatedDisk(directory)
  const doomed = new LimitsBench(window(407), { directory, files: disk.files })
  disk.plan({ at, when, then: 'dies', code: 'EIO' })
  await doomed.ask(TRANSFER)
  const { operations } = disk
  doomed.close()
  disk.cutPower()
  const after = new LimitsBench(window(407), { directory })
  const next = await after.ask(again(1))
  after.close()
  return { operations, wasAsked: doomed.asked.length > 0, next }
}

test('a process that dies at any operation of a spend leaves it counted, or never asked the device', async () => {
  const { operations } = await dies(1000, 'before')
  const outcomes = new Set<string>()
  for (let at = 0; at <= operations; at++) {
    for (const when of ['before', 'halfway', 'behind'] as const) {
      const { wasAsked, next } = await dies(at, when)
      outcomes.add(`${wasAsked ? 'asked' : 'not asked'}: ${next}`)
    }
  }
  expect([...outcomes].toSorted()).toEqual([
    ...['asked: spend-limit', 'not asked: signed', 'not asked: spend-limit'],
  ])
})

describe('per_minute', () => {
  const LIMITED = 'allowed_ops: [0x03, 0x11]\nper_minute: 2\n'

  test('slides: the device is never asked more often in any 60 s', async () => {
    const bench = new LimitsBench(LIMITED)
    expect(await bench.ask(again(1))).toBe('signed')
    bench.clock.advance(30_000)
    expect(await bench.ask(again(2))).toBe('signed')
    expect(await bench.answerTo(again(3))).toMatchObject({
      refusal: {
        code: 'rate-limit',
        rule: 'per_minute',
        message: expect.stringMatching(/ 2 signatures .* per_minute is 2; ask again in 30 s$/) as string,
      },
    })
    bench.clock.advance(29_999)
    expect(await bench.ask(again(3))).toBe('rate-limit')
    bench.clock.advance(1)
    expect(await bench.ask(again(3))).toBe('signed')
    expect(await bench.ask(again(4))).toBe('rate-limit')
    bench.clock.advance(30_000)
    expect(await bench.ask(again(4))).toBe('signed')
    expect(bench.asked).toHaveLength(4)
    bench.close()
  })

  test('counts a signature that failed, and neither a repeated one nor a refusal', async () => {
    const bench = new LimitsBench(LIMITED)
    expect(await bench.ask(block({ level: 5 }))).toBe('signed')
    for (let time = 0; time < 5; time++) expect(await bench.ask(block({ level: 5 }))).toBe('signed')
    for (let time = 0; time < 5; time++) expect(await bench.ask(block({ level: 4 }))).toBe('below-mark')
    const { answer } = bench
    bench.answer = () => ({ outcome: 'failed', code: 'device-timeout', message: 'no reply', sent: true })
    expect(await bench.ask(block({ level: 6 }))).toBe('device-timeout')
    bench.answer = answer
    expect(await bench.ask(block({ level: 7 }))).toBe('rate-limit')
    bench.clock.advance(60_000)
    expect(await bench.ask(block({ level: 7 }))).toBe('signed')
    bench.close()
  })

  test('raises no mark and counts no spend when it refuses', async () => {
    const bench = new LimitsBench(`${window(10_000)}per_minute: 1\n`)
    expect(await bench.ask(TRANSFER)).toBe('signed')
    expect(await bench.ask(block({ level: 9 }))).toBe('rate-limit')
    expect(await bench.ask(LARGER)).toBe('rate-limit')
    expect(bench.store.spends()).toHaveLength(1)
    expect(bench.store.marks().map(({ level }) => level)).toEqual([0, 0, 0])
    bench.close()
  })
})

describe('hours', () => {
  const ask = async (hours: string, instant: string) => {
    const bench = new LimitsBench(`allowed_ops: [0x03]\nhours: { ${hours} }\n`)
    bench.wallClock = new Date(instant)
    const answer = await bench.ask(TRANSFER)
    bench.close()
    return answer
  }

  test.each([
    // a Friday
    ["from: '08:00', to: '18:00'", '2026-11-20T08:00:00Z', '2026-11-20T07:59:59Z'],
    ["from: '08:00', to: '18:00'", '2026-11-20T17:59:59Z', '2026-11-20T18:00:00Z'],
    ["from: '00:00', to: '24:00', days: [fri]", '2026-11-20T00:00:00Z', '2026-11-19T23:59:59Z'],
    ["from: '00:00', to: '24:00', days: [fri]", '2026-11-20T23:59:59Z', '2026-11-21T00:00:00Z'],
    // over midnight: the night belongs to the day on which it began
    ["from: '22:00', to: '06:00', days: [fri]", '2026-11-20T22:00:00Z', '2026-11-20T21:59:59Z'],
    ["from: '22:00', to: '06:00', days: [fri]", '2026-11-21T05:59:59Z', '2026-11-21T06:00:00Z'],
    ["from: '22:00', to: '06:00', days: [fri]", '2026-11-21T00:00:00Z', '2026-11-20T05:00:00Z'],
    ["from: '22:00', to: '06:00', days: [sun]", '2026-11-23T01:00:00Z', '2026-11-22T01:00:00Z'],
    ["from: '22:00', to: '06:00'", '2026-11-20T00:00:00Z', '2026-11-20T12:00:00Z'],
    // Zurich: an hour ahead in winter, two in summer; on 2026-03-29 there is no 02:30
    ["from: '08:00', to: '18:00', zone: Europe/Zurich", '2026-11-20T07:00:00Z', '2026-11-20T17:00:00Z'],
    ["from: '08:00', to: '18:00', zone: Europe/Zurich", '2026-07-20T06:00:00Z', '2026-07-20T05:59:59Z'],
    ["from: '03:00', to: '04:00', zone: Europe/Zurich", '2026-03-29T01:00:00Z', '2026-03-29T00:59:59Z'],
    [
      "from: '00:00', to: '06:00', days: [sat], zone: Pacific/Auckland",
      '2026-11-20T12:00:00Z',
      '2026-11-20T10:00:00Z',
    ],
  ])('{ %s } includes %s and not %s', async (hours, inside, outside) => {
    expect(await ask(hours, inside)).toBe('signed')
    expect(await ask(hours, outside)).toBe('outside-hours')
  })

  test('hold for blocks and votes too', async () => {
    const bench = new LimitsBench("allowed_ops: [0x11, 0x13]\nhours: { from: '08:00', to: '18:00' }\n")
    bench.wallClock = new Date('2026-11-20T19:00:00Z')
    expect(await bench.ask(block({ level: 5 }))).toBe('outside-hours')
    expect(await bench.ask(vote({ tag: 0x15, level: 5 }))).toBe('outside-hours')
    bench.close()
  })
})
