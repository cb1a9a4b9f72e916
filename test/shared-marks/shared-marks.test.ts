import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  StateError,
  systemFiles,
  verifyHistory,
  type MarksJournalOptions,
  type Position,
} from '../../src/policy/index.js'
import {
  initSharedMarks,
  SharedMarks,
  type MarksTable,
  type SharedMarksEvent,
} from '../../src/shared-marks/index.js'
import { MemoryTable } from '../contract/marks/memory-table.js'
import {
  digestOf,
  FailingFiles,
  MAINNET,
  ManualClock,
  signatureOf,
  temporaryDirectory,
  TZ1,
  wanted,
} from '../policy/fixture.js'

const SEED: Position = { chain: MAINNET, key: TZ1, kind: 'attestation', level: 100, round: 0 }
const DOWN = new StateError('marks-unavailable', 'the table is away')

function setUp(
  rest: Partial<MarksJournalOptions> = {},
  change: (table: MarksTable) => MarksTable = (t) => t,
) {
  const table = new MemoryTable()
  const clock = new ManualClock()
  const host = async () => {
    const directory = join(temporaryDirectory(), 'state')
    const journal = { directory, maxLevelGap: 1000, ...rest }
    await initSharedMarks({ directory, maxLevelGap: 1000 }, table.handle(), [SEED])
    const events: SharedMarksEvent[] = []
    const onEvent = (event: SharedMarksEvent) => void events.push(event)
    const open = () => SharedMarks.open({ journal, table: change(table.handle()), clock, onEvent })
    const marks = await open()
    onTestFinished(() => marks.close())
    return { marks, events, directory, open }
  }
  return { table, clock, host }
}

/** `Promise.withResolvers` is not in Node 20. */
function later(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  const found: { resolve?: () => void } = {}
  const promise = new Promise<void>((resolve) => {
    found.resolve = resolve
  })
  return { promise, resolve: () => found.resolve?.() }
}

const rejection = async (work: () => unknown): Promise<unknown> => {
  try {
    return { value: await work() }
  } catch (error) {
    return error
  }
}

describe('shared marks', () => {
  test('advance only after the table and then the journal have the mark', async () => {
    const files = new FailingFiles()
    const { table, host } = setUp({ files: files.files })
    const { marks } = await host()
    files.operation = 'fdatasyncSync'
    expect(await rejection(() => marks.reserve(wanted(101)))).toMatchObject({ code: 'state-write-failed' })
    expect([...table.marks.values()][0]).toMatchObject({ level: 101 })
    files.operation = undefined
    expect(await marks.reserve(wanted(101))).toMatchObject({ verdict: 'repeat' })
    table.down = DOWN
    expect(await rejection(() => marks.reserve(wanted(102)))).toBe(DOWN)
    expect(marks.marks()[0]).toMatchObject({ level: 101 })
  })

  test('a journal that cannot be written denies before the table is asked', async () => {
    const files = new FailingFiles()
    const { table, host } = setUp({ files: files.files })
    const { marks } = await host()
    files.operation = 'fstatSync'
    for (const ask of [
      () => marks.reserve(wanted(101)),
      () => marks.raise({ ...SEED, level: 101 }),
      () => marks.seed([{ ...SEED, kind: 'block' }]),
    ]) {
      expect(await rejection(ask)).toMatchObject({ code: 'state-write-failed' })
    }
    expect([...table.marks.values()]).toMatchObject([{ level: 100 }])
  })

  test('what the journal denies or can answer is not asked of the table', async () => {
    const { table, host } = setUp()
    const { marks } = await host()
    await marks.reserve(wanted(101))
    marks.keepSignature(wanted(101), signatureOf(1))
    await marks.refresh()
    table.down = DOWN
    expect(await marks.reserve(wanted(101))).toEqual({ verdict: 'repeat', signature: signatureOf(1) })
    expect(await marks.reserve(wanted(101, 0, 2))).toMatchObject({ denial: 'conflicts-with-mark' })
    expect(await marks.reserve(wanted(99))).toMatchObject({ denial: 'below-mark' })
    expect(await marks.reserve(wanted(9, 0, 1, { kind: 'block' }))).toMatchObject({ denial: 'no-mark' })
    expect(await rejection(() => marks.reserve(wanted(102)))).toBe(DOWN)
  })

  test('how far a level may jump is judged by the table, not by a journal that is behind', async () => {
    const { host } = setUp()
    const [{ marks: a }, { marks: b }] = [await host(), await host()]
    for (const level of [1000, 1900, 2800])
      expect(await a.reserve(wanted(level))).toMatchObject({ verdict: 'advance' })
    expect(await b.reserve(wanted(2900))).toMatchObject({ verdict: 'advance' })
    expect(await b.reserve(wanted(4000))).toMatchObject({ denial: 'level-gap', mark: { level: 2900 } })
  })

  test('the other host is followed every second, one reading at a time, until the end', async () => {
    const { table, clock, host } = setUp()
    let reads = 0
    const hold = { until: Promise.resolve() }
    const { marks: a } = await host()
    const counted = setUp({}, (handle) => ({
      ...handle,
      read: async () => {
        reads += 1
        await hold.until
        return table.handle().read()
      },
    }))
    const { marks: b } = await counted.host()
    await a.reserve(wanted(101))
    const before = reads
    const { promise, resolve: letGo } = later()
    hold.until = promise
    counted.clock.advance(1000)
    counted.clock.advance(5000)
    expect(reads).toBe(before + 1)
    letGo()
    await expect.poll(() => b.marks()[0], { interval: 1 }).toMatchObject({ level: 101, digest: digestOf(1) })
    await expect.poll(() => counted.clock.timers, { interval: 1 }).toBe(1)
    await b.close()
    expect(counted.clock.timers).toBe(0)
    expect(clock.timers).toBe(1)
  })

  test('a table that is gone fails the check at once, and passes it by itself once it is back', async () => {
    const { table, clock, host } = setUp()
    const { marks, events } = await host()
    marks.check()
    table.down = DOWN
    clock.advance(1000)
    await expect
      .poll(() => marks.trouble(), { interval: 1 })
      .toEqual({ code: 'marks-unavailable', message: DOWN.message })
    expect(() => {
      marks.check()
    }).toThrow(DOWN.message)
    await marks.refresh()
    table.down = undefined
    clock.advance(1000)
    await expect.poll(() => marks.trouble(), { interval: 1 }).toBeUndefined()
    marks.check()
    expect(events).toEqual([
      { event: 'marks.available' },
      { event: 'marks.unavailable', reason: DOWN.message },
      { event: 'marks.available' },
    ])
  })

  test('an error that nobody foresaw is trouble too', async () => {
    const { host } = setUp({}, (handle) => ({
      ...handle,
      read: () => Promise.reject(new TypeError('odd')),
    }))
    const { marks } = await host()
    expect(marks.trouble()).toEqual({ code: 'marks-unavailable', message: 'odd' })
  })

  test('a place that is lower, missing, or of another payload in the table is marks-went-back', async () => {
    for (const spoil of [
      (table: MemoryTable, name: string) => table.marks.delete(name),
      (table: MemoryTable, name: string) => table.marks.set(name, { ...table.marks.get(name)!, level: 100 }),
      (table: MemoryTable, name: string) => table.marks.set(name, { ...table.marks.get(name)!, round: 1 }),
      (table: MemoryTable, name: string) =>
        table.marks.set(name, { ...table.marks.get(name)!, digest: digestOf(9) }),
    ]) {
      const { table, host } = setUp()
      const { marks, events } = await host()
      await marks.reserve(wanted(101, 2))
      const [name = ''] = table.marks.keys()
      spoil(table, name)
      await marks.refresh()
      const words = /this host knows level 101 round 2.*stop all hosts.*marks raise/
      expect(marks.trouble()).toMatchObject({
        code: 'marks-went-back',
        message: expect.stringMatching(words) as string,
      })
      expect(await rejection(() => marks.reserve(wanted(500)))).toMatchObject({ code: 'marks-went-back' })
      expect(
        await rejection(() =>
          marks.reserveSpend({ key: TZ1, digest: digestOf(1), mutez: 1n, feeMutez: 0n }, []),
        ),
      ).toMatchObject({ code: 'marks-went-back' })
      await marks.refresh()
      expect(events.filter(({ event }) => event === 'marks.went-back')).toHaveLength(1)
    }
  })

  test('a table that went back is noticed by the raise itself', async () => {
    const { table, host } = setUp()
    const { marks } = await host()
    await marks.reserve(wanted(101))
    const [[name, mark] = ['', undefined]] = table.marks
    table.marks.set(name, { ...mark!, level: 100 })
    expect(await rejection(() => marks.reserve(wanted(102)))).toMatchObject({ code: 'marks-went-back' })
    expect(table.marks.get(name)).toMatchObject({ level: 100 })
  })

  test('a host with marks of its own gives them to a table without them, by a seed', async () => {
    const { table, host } = setUp()
    const { marks } = await host()
    await marks.reserve(wanted(101))
    table.marks.clear()
    await marks.refresh()
    expect(marks.trouble()?.code).toBe('marks-went-back')
    expect(await marks.seed([{ ...SEED, level: 5 }])).toEqual([{ ...SEED, level: 101 }])
    expect(marks.trouble()).toBeUndefined()
    expect(await marks.reserve(wanted(101, 0, 2))).toMatchObject({ verdict: 'deny' })
    expect(await marks.reserve(wanted(102))).toMatchObject({ verdict: 'advance' })
  })

  test('a second host begins where the table stands, with its payload', async () => {
    const { table, host } = setUp()
    const { marks } = await host()
    await marks.reserve(wanted(150))
    const directory = join(temporaryDirectory(), 'state')
    const done = await initSharedMarks({ directory, maxLevelGap: 'off' }, table.handle(), [
      { ...SEED, level: 7 },
      { ...SEED, kind: 'block' },
    ])
    expect(done).toEqual({ seeded: [{ ...SEED, kind: 'block' }], takenOver: [{ ...SEED, level: 150 }] })
    const second = await SharedMarks.open({
      ...{ journal: { directory, maxLevelGap: 'off' }, table: table.handle(), clock: new ManualClock() },
    })
    onTestFinished(() => second.close())
    expect(second.trouble()).toBeUndefined()
    expect(second.peek(wanted(150))).toMatchObject({ verdict: 'repeat' })
    expect(second.peek(wanted(150, 0, 2))).toMatchObject({ denial: 'conflicts-with-mark' })
  })

  test('a quarantine holds at once, and the table is told until it knows', async () => {
    const { table, host } = setUp()
    const { marks } = await host()
    table.down = DOWN
    expect(await rejection(() => marks.quarantine(TZ1, digestOf(1)))).toBe(DOWN)
    expect(marks.quarantines()).toHaveLength(1)
    await marks.refresh()
    table.down = undefined
    await marks.refresh()
    expect([...table.quarantines.keys()]).toEqual([TZ1])
    expect(marks.quarantines()).toHaveLength(1)
    table.quarantines.clear() // lifted on another host
    await marks.refresh()
    expect(marks.quarantines()).toEqual([])
  })

  test('a reading that began before a quarantine does not lift it', async () => {
    const hold = { until: Promise.resolve() }
    const { table, host } = setUp({}, (handle) => ({
      ...handle,
      read: async () => {
        const contents = await handle.read()
        await hold.until
        return contents
      },
    }))
    const { marks } = await host()
    await marks.quarantine(TZ1, digestOf(1))
    await marks.refresh()
    await table.handle().clearQuarantine(TZ1) // on another host
    const { promise, resolve: letGo } = later()
    hold.until = promise
    const before = table.reads
    const readings = Promise.all([marks.refresh()])
    await expect.poll(() => table.reads, { interval: 1 }).toBe(before + 1)
    await marks.quarantine(TZ1, digestOf(2))
    letGo()
    await readings
    expect(marks.quarantines()).toHaveLength(1)
  })

  test('several who want a reading at once get one together', async () => {
    const { table, host } = setUp()
    const { marks } = await host()
    const before = table.reads
    await Promise.all([marks.refresh(), marks.refresh(), marks.refresh()])
    expect(table.reads).toBe(before + 1)
  })

  test('while a host makes its own signature it does not answer with that of another', async () => {
    const { host } = setUp()
    const [{ marks: a }, { marks: b }] = [await host(), await host()]
    await a.reserve(wanted(101))
    await b.reserve(wanted(101)) // asked for here too, before the first signature is there
    b.keepSignature(wanted(101), signatureOf(2))
    await a.refresh()
    expect(a.peek(wanted(101))).toEqual({ verdict: 'repeat', signature: undefined })
    a.keepSignature(wanted(101), signatureOf(1))
    await a.refresh()
    expect(a.peek(wanted(101))).toEqual({ verdict: 'repeat', signature: signatureOf(1) })
  })

  test('signatures are told to the table beside the request, and a failure harms nobody', async () => {
    const { table, host } = setUp()
    const { marks } = await host()
    await marks.reserve(wanted(101))
    table.down = DOWN
    for (let index = 0; index < 200; index++) marks.keepSignature(wanted(101), signatureOf(1))
    await marks.close()
    expect([...table.marks.values()][0]).toMatchObject({ signature: undefined })
  })

  test('the journal is an audit of its own that holds together', async () => {
    const { host } = setUp()
    const [{ marks: a, directory, open }, { marks: b }] = [await host(), await host()]
    await a.reserve(wanted(101))
    await b.reserve(wanted(102))
    await a.refresh()
    await a.reserve(wanted(103))
    await a.close()
    const { journal, problems } = verifyHistory(systemFiles, directory)
    expect(problems).toEqual([])
    expect([...journal!.marks.values()]).toMatchObject([{ level: 103 }])
    const text = systemFiles.readFileSync(join(directory, 'marks.journal'), 'utf8')
    const whys = text
      .split('\n')
      .flatMap((line) => /"why":"(\w+)".*"level":(\d+)/.exec(line)?.slice(1, 3).join(' ') ?? [])
    expect(whys).toEqual(['seed 100', 'request 101', 'shared 102', 'request 103'])
    const again = await open()
    expect(again.marks()).toMatchObject([{ level: 103 }])
    await again.close()
  })

  test('an import goes to the table first, and what was spent elsewhere counts', async () => {
    const { table, host } = setUp()
    const { marks } = await host()
    const at = new Date().toISOString()
    const spend = { key: TZ1, digest: digestOf(1), mutez: 70n, feeMutez: 0n, at }
    const imported = [{ ...SEED, level: 200, digest: digestOf(4) }]
    const plan = await marks.import(imported, [{ key: TZ1, digest: digestOf(2), since: at }], [spend])
    expect(plan.raised).toHaveLength(1)
    expect([...table.marks.values()]).toMatchObject([{ level: 200, digest: digestOf(4) }])
    expect(marks.marks()).toMatchObject([{ level: 200, digest: digestOf(4) }])
    expect(marks.quarantines()).toHaveLength(1)
    const window = [{ hours: 1, maxMutez: 100, maxFeeMutez: undefined }]
    const more = { key: TZ1, digest: digestOf(3), mutez: 31n, feeMutez: 0n }
    expect(await marks.reserveSpend(more, window)).toMatchObject({ verdict: 'deny' })
    table.down = DOWN
    expect(
      await rejection(() => marks.import([{ ...SEED, level: 300, digest: undefined }], [])),
    ).toMatchObject({
      code: 'marks-unavailable',
    })
    expect(marks.marks()).toMatchObject([{ level: 200 }])
  })
})
