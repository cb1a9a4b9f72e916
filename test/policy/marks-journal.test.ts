import {
  appendFileSync,
  chownSync,
  copyFileSync,
  linkSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  MarksJournal,
  type MarksJournalOptions,
  type Position,
  type StateEvent,
  type Wanted,
} from '../../src/policy/index.js'
import { replayJournal } from '../../src/policy/journal-replay.js'
import { marksForm } from '../../src/policy/marks-form.js'
import { lockState } from '../../src/policy/state-lock.js'
import { writeAll } from '../../src/policy/state-files.js'
import {
  aroundFiles,
  digestOf,
  FailingFiles,
  filesIn,
  GHOSTNET,
  MAINNET,
  recordingFiles,
  signatureOf,
  stateErrorOf,
  systemError,
  temporaryDirectory,
  TZ1,
  TZ3,
  wanted,
  type Operation,
} from './fixture.js'

const AT = '2026-01-02T03:04:05.678Z'
const SEED: Position = { chain: MAINNET, key: TZ1, kind: 'attestation', level: 100, round: 0 }

type Rest = Partial<MarksJournalOptions>

function setUp(rest: Rest = {}, seeds: readonly Position[] = [SEED]) {
  const directory = join(temporaryDirectory(), 'state')
  const path = join(directory, 'marks.journal')
  const events: StateEvent[] = []
  const open = (more: Rest = {}) =>
    MarksJournal.open({
      ...{ directory, maxLevelGap: 14_400, wallClock: () => new Date(AT) },
      ...{ onEvent: (event: StateEvent) => void events.push(event) },
      ...rest,
      ...more,
    })
  const create = () => {
    MarksJournal.create({ directory, maxLevelGap: 14_400, ...rest, wallClock: () => new Date(AT) }, seeds)
  }
  create()
  return { directory, path, events, open, create }
}

function lines(path: string): readonly Record<string, unknown>[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

const archives = (directory: string) => filesIn(directory).filter((name) => name.startsWith('marks-'))

function advance(journal: MarksJournal, want: Wanted): void {
  expect(journal.reserve(want).verdict).toBe('advance')
}

describe('a state directory', () => {
  test('is made with its marks and is there when it is opened', () => {
    const seeds = [
      SEED,
      { ...SEED, kind: 'block' as const, level: 7, round: 3 },
      { ...SEED, chain: GHOSTNET },
    ]
    const { open } = setUp({}, seeds)
    const journal = open()
    expect(journal.marks()).toEqual(
      seeds.map((seed) => ({ ...seed, digest: undefined, signature: undefined, raisedAt: AT })),
    )
    journal.close()
  })

  test('keeps marks and signatures when it is opened again, several times', () => {
    const { open, directory } = setUp()
    const first = open()
    advance(first, wanted(101))
    first.keepSignature(wanted(101), signatureOf(1))
    first.close()
    const expected = [{ ...wanted(101), signature: signatureOf(1), raisedAt: AT }]
    expect([...MarksJournal.read(directory).marks.values()]).toEqual(expected)
    for (let times = 0; times < 3; times++) {
      const journal = open()
      expect(journal.marks()).toEqual(expected)
      expect(journal.reserve(wanted(101))).toEqual({ verdict: 'repeat', signature: signatureOf(1) })
      expect(journal.reserve(wanted(101, 0, 2))).toMatchObject({ denial: 'conflicts-with-mark' })
      journal.close()
    }
    expect(archives(directory)).toEqual([])
  })

  test('is made once: a second time it is left as it is', () => {
    const { create, path } = setUp()
    const before = readFileSync(path)
    expect(stateErrorOf(create)).toMatchObject({
      code: 'state-exists',
      message: expect.stringMatching(/marks raise/) as string,
    })
    expect(readFileSync(path)).toEqual(before)
  })

  test('F7 that is missing is told with the command that makes it', () => {
    const directory = join(temporaryDirectory(), 'nowhere')
    const options = { directory, maxLevelGap: 'off' } as const
    for (const action of [() => MarksJournal.open(options), () => MarksJournal.read(directory)]) {
      expect(stateErrorOf(action)).toMatchObject({
        code: 'state-missing',
        message: expect.stringMatching(/tezio-bridge init/) as string,
      })
    }
  })

  test('F7 without a journal in it is told so, and its lock is given back', () => {
    const directory = temporaryDirectory()
    const options = { directory, maxLevelGap: 'off' } as const
    expect(stateErrorOf(() => MarksJournal.open(options)).code).toBe('state-missing')
    expect(stateErrorOf(() => MarksJournal.open(options)).code).toBe('state-missing')
    expect(filesIn(directory)).toEqual([])
  })

  test('that cannot be read is told so', () => {
    const file = join(temporaryDirectory(), 'file')
    writeFileSync(file, '')
    expect(stateErrorOf(() => MarksJournal.read(file)).code).toBe('state-unreadable')
    expect(stateErrorOf(() => lockState(file)).code).toBe('state-unreadable')
  })

  test('and all that is in it is its owner’s alone', () => {
    const { directory, open } = setUp({ segmentBytes: 1 })
    const journal = open()
    advance(journal, wanted(101))
    journal.keepSignature(wanted(101), signatureOf(1))
    journal.close()
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    const names = [...filesIn(directory), 'lock']
    expect(names).toHaveLength(3)
    for (const name of names) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600)
  })

  test.skipIf(process.getuid?.() !== 0)('keeps its owner when root opens it', () => {
    const { path, open } = setUp({ segmentBytes: 1 })
    chownSync(path, 12_345, 23_456)
    const journal = open()
    advance(journal, wanted(101))
    journal.keepSignature(wanted(101), signatureOf(1))
    journal.close()
    expect(statSync(path)).toMatchObject({ uid: 12_345, gid: 23_456 })
  })

  test('takes one first mark where two are given, and can be read', () => {
    const { open, directory } = setUp({}, [SEED, { ...SEED, level: 200 }])
    expect([...MarksJournal.read(directory).marks.values()]).toMatchObject([{ level: 100 }])
    open().close()
  })

  test('F9 has one owner within a process too, and another one after it was given back', () => {
    const { open, create } = setUp()
    const journal = open()
    expect(stateErrorOf(open)).toMatchObject({
      code: 'state-locked',
      message: expect.stringContaining(`process ${process.pid};`) as string,
    })
    expect(stateErrorOf(create).code).toBe('state-locked')
    journal.close()
    open().close()
  })

  test('F4 that is damaged does not open, names the line, is left as it is, and gives its lock back', () => {
    const { open, path } = setUp()
    const text = readFileSync(path, 'utf8').replace('"level":100', '"level":999')
    writeFileSync(path, text)
    const expected = {
      code: 'journal-damaged',
      message: expect.stringContaining(`${path}:2: its checksum`) as string,
    }
    expect(stateErrorOf(open)).toMatchObject(expected)
    expect(stateErrorOf(open)).toMatchObject(expected)
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  test('F3 with a torn last line opens with the mark before it, cuts it off and says so', () => {
    const { open, path, events } = setUp()
    const journal = open()
    advance(journal, wanted(101))
    journal.close()
    truncateSync(path, statSync(path).size - 5)
    const torn = open()
    expect(torn.marks()).toMatchObject([{ level: 100, digest: undefined }])
    const [event] = events
    expect(event).toMatchObject({ event: 'journal.torn-line-dropped' })
    expect(readFileSync(path, 'utf8').endsWith('}\n')).toBe(true)
    advance(torn, wanted(102, 0, 2))
    torn.close()
    expect(events).toHaveLength(1)
    expect(lines(path).map(({ level }) => level)).toEqual([undefined, 100, 102])
  })
})

describe('a journal that is opened', () => {
  test('F3 tells how many bytes were torn off, and nothing when none were', () => {
    const { open, path, events } = setUp()
    const journal = open()
    advance(journal, wanted(101))
    journal.close()
    expect(events).toEqual([])
    appendFileSync(path, '{"seq":4,"type"')
    open().close()
    expect(events).toEqual([{ event: 'journal.torn-line-dropped', bytes: 15 }])
    open().close()
    expect(events).toHaveLength(1)
  })
})

describe('marks', () => {
  test('are written with all that an audit asks for', () => {
    const { open, path } = setUp()
    const journal = open()
    advance(journal, wanted(101, 2))
    journal.keepSignature(wanted(101, 2), signatureOf(1))
    journal.raise({ ...SEED, level: 200 })
    journal.seed([{ ...SEED, kind: 'block' }])
    journal.close()
    expect(lines(path)).toMatchObject([
      { seq: 1, type: 'segment', version: 1 },
      { seq: 2, type: 'mark', why: 'seed', level: 100, digest: null },
      { seq: 3, type: 'mark', why: 'request', level: 101, round: 2, digest: digestOf(1), at: AT },
      { seq: 4, type: 'signature', level: 101, round: 2, signature: signatureOf(1) },
      { seq: 5, type: 'mark', why: 'operator', level: 200, digest: null, signature: null },
      { seq: 6, type: 'mark', why: 'seed', kind: 'block', level: 100 },
    ])
  })

  test('are decided and raised in one step, and only by an advance', () => {
    const { open, path } = setUp()
    const journal = open()
    const size = () => statSync(path).size
    advance(journal, wanted(101))
    const before = size()
    expect(journal.reserve(wanted(101))).toEqual({ verdict: 'repeat', signature: undefined })
    expect(journal.reserve(wanted(101, 0, 2))).toMatchObject({ denial: 'conflicts-with-mark' })
    expect(journal.reserve(wanted(100))).toMatchObject({ denial: 'below-mark' })
    expect(journal.reserve(wanted(20_000))).toMatchObject({ denial: 'level-gap' })
    expect(journal.reserve({ ...wanted(102), kind: 'block' })).toMatchObject({ denial: 'no-mark' })
    expect(journal.reserve({ ...wanted(102), chain: GHOSTNET })).toMatchObject({ denial: 'no-mark' })
    expect(journal.reserve({ ...wanted(102), key: TZ3 })).toMatchObject({ denial: 'no-mark' })
    expect(size()).toBe(before)
    expect(journal.marks()).toMatchObject([{ level: 101, digest: digestOf(1) }])
    journal.close()
  })

  test('are looked at without a change', () => {
    const { open, path } = setUp()
    const journal = open()
    const before = readFileSync(path)
    expect(journal.peek(wanted(101)).verdict).toBe('advance')
    expect(journal.peek(wanted(101, 0, 2)).verdict).toBe('advance')
    journal.close()
    expect(readFileSync(path)).toEqual(before)
  })

  test('F10 of kinds, keys and chains do not touch each other', () => {
    const { open } = setUp({}, [
      SEED,
      { ...SEED, kind: 'block' },
      { ...SEED, chain: GHOSTNET },
      { ...SEED, key: TZ3 },
    ])
    const journal = open()
    advance(journal, wanted(101))
    advance(journal, wanted(101, 0, 2, { kind: 'block' }))
    advance(journal, wanted(101, 0, 3, { chain: GHOSTNET }))
    advance(journal, wanted(101, 0, 4, { key: TZ3 }))
    journal.close()
  })

  test('keep a signature only beside the payload it is for', () => {
    const { open } = setUp()
    const journal = open()
    advance(journal, wanted(101))
    for (const want of [
      wanted(101, 0, 2),
      wanted(100),
      wanted(101, 1),
      wanted(101, 0, 1, { kind: 'block' }),
    ]) {
      journal.keepSignature(want, signatureOf(9))
    }
    expect(journal.reserve(wanted(101))).toEqual({ verdict: 'repeat', signature: undefined })
    journal.keepSignature(wanted(101), signatureOf(1))
    expect(journal.reserve(wanted(101))).toEqual({ verdict: 'repeat', signature: signatureOf(1) })
    advance(journal, wanted(102))
    expect(journal.marks()).toMatchObject([{ level: 102, signature: undefined }])
    journal.close()
    open().close()
  })

  test('are raised by hand, never lowered and never set first', () => {
    const { open } = setUp()
    const journal = open()
    advance(journal, wanted(101, 1))
    const at = (level: number, round = 0) => journal.raise({ ...SEED, level, round })
    expect(at(100)).toMatchObject({
      outcome: 'refused',
      reason: 'not-higher',
      mark: { level: 101, round: 1 },
    })
    expect(at(101, 1)).toMatchObject({ outcome: 'refused', reason: 'not-higher' })
    expect(at(101, 0)).toMatchObject({ outcome: 'refused', reason: 'not-higher' })
    expect(journal.marks()).toMatchObject([{ level: 101, round: 1, digest: digestOf(1) }])
    expect(journal.raise({ ...SEED, kind: 'block', level: 9e6 })).toEqual({
      ...{ outcome: 'refused', reason: 'no-mark', mark: undefined },
    })
    expect(at(101, 2)).toMatchObject({ outcome: 'raised', from: { level: 101, round: 1 } })
    expect(at(1_000_000)).toMatchObject({ outcome: 'raised', from: { level: 101, round: 2 } })
    const after = [{ level: 1_000_000, round: 0, digest: undefined, signature: undefined }]
    expect(journal.marks()).toMatchObject(after)
    expect(journal.reserve(wanted(1_000_000))).toMatchObject({ denial: 'conflicts-with-mark' })
    journal.close()
    const reopened = open()
    expect(reopened.marks()).toMatchObject(after)
    advance(reopened, wanted(1_000_001))
    reopened.close()
  })

  test('are seeded only where there is none, one for each', () => {
    const { open } = setUp()
    const journal = open()
    advance(journal, wanted(101))
    const block = { ...SEED, kind: 'block' as const, level: 5 }
    expect(journal.seed([SEED, { ...SEED, level: 9 }, block, { ...block, level: 6 }])).toEqual([block])
    expect(journal.seed([block])).toEqual([])
    const marks = [
      { kind: 'attestation', level: 101, digest: digestOf(1) },
      { kind: 'block', level: 5, digest: undefined },
    ]
    expect(journal.marks()).toMatchObject(marks)
    journal.close()
    const reopened = open()
    expect(reopened.marks()).toMatchObject(marks)
    reopened.close()
  })

  test('F13 do not depend on the wall clock, which may jump', () => {
    const { open, path } = setUp()
    const dates = ['2027-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', '1970-01-01T00:00:00.000Z']
    const journal = open({ wallClock: () => new Date(dates[0] ?? AT) })
    for (const level of [101, 102, 103]) {
      advance(journal, wanted(level))
      expect(journal.reserve(wanted(level, 0, 2))).toMatchObject({ denial: 'conflicts-with-mark' })
      dates.shift()
    }
    journal.close()
    expect(
      lines(path)
        .slice(2)
        .map(({ at }) => String(at).slice(0, 4)),
    ).toEqual(['2027', '2026', '1970'])
    const reopened = open()
    expect(reopened.marks()).toMatchObject([{ level: 103, raisedAt: '1970-01-01T00:00:00.000Z' }])
    reopened.close()
  })
})

describe('a segment', () => {
  test('is rolled by size: marks and signatures survive, the chain goes on, the old one is kept', () => {
    const block = { ...SEED, kind: 'block' as const }
    const { open, directory, path, events } = setUp({ segmentBytes: 1500 }, [SEED, block])
    const journal = open()
    for (let level = 101; level <= 110; level++) {
      advance(journal, wanted(level))
      journal.keepSignature(wanted(level), signatureOf(level))
    }
    expect(journal.reserve(wanted(110))).toEqual({ verdict: 'repeat', signature: signatureOf(110) })
    const marks = journal.marks()
    journal.close()
    expect(archives(directory).length).toBeGreaterThan(3)
    expect(events.filter(({ event }) => event === 'journal.rolled')).toHaveLength(archives(directory).length)
    const chain = [...archives(directory), 'marks.journal'].flatMap((name) => lines(join(directory, name)))
    expect(chain.map(({ seq }) => seq)).toEqual(chain.map((_, index) => index + 1))
    for (const [index, line] of chain.entries())
      expect(line['prev']).toBe(chain[index - 1]?.['sum'] ?? '0'.repeat(64))
    for (const name of filesIn(directory)) {
      expect(replayJournal(marksForm, readFileSync(join(directory, name))).outcome).toBe('replayed')
    }
    expect(lines(path)[0]).toMatchObject({ type: 'segment' })
    expect(statSync(path).size).toBeLessThan(3000)
    const reopened = open()
    expect(reopened.marks()).toEqual(marks)
    reopened.close()
  })

  test('is named after its last line', () => {
    const { open, directory } = setUp({ segmentBytes: 1 })
    const journal = open()
    advance(journal, wanted(101))
    journal.keepSignature(wanted(101), signatureOf(1))
    journal.close()
    expect(archives(directory)).toEqual(['marks-000000000004.journal'])
  })

  test('is one of at most 32 old ones, the latest', () => {
    const { open, directory } = setUp({ segmentBytes: 1 })
    writeFileSync(join(directory, 'marks-backup.journal'), 'not ours')
    const journal = open()
    for (let level = 101; level <= 140; level++) {
      advance(journal, wanted(level))
      journal.keepSignature(wanted(level), signatureOf(1))
    }
    journal.close()
    const names = archives(directory).filter((name) => name !== 'marks-backup.journal')
    expect(names).toHaveLength(32)
    expect(names.at(-1)).toBe('marks-000000000160.journal')
    expect(names[0]).toBe('marks-000000000036.journal')
    expect(filesIn(directory)).toContain('marks-backup.journal')
  })

  test('is rolled again after a crash came between the archive and the new segment', () => {
    const { open, directory, path } = setUp({ segmentBytes: 1 })
    const journal = open()
    advance(journal, wanted(101))
    linkSync(path, join(directory, 'marks-000000000004.journal'))
    journal.keepSignature(wanted(101), signatureOf(1))
    expect(journal.marks()).toMatchObject([{ level: 101, signature: signatureOf(1) }])
    advance(journal, wanted(102))
    journal.close()
  })
})

/** What a journal does at a place where an operation fails. */
const FAILURES: readonly (readonly [Operation, string])[] = [
  ['writeSync', 'ENOSPC'],
  ['writeSync', 'EROFS'],
  ['writeSync', 'EIO'],
  ['fdatasyncSync', 'EIO'],
  ['fdatasyncSync', 'ENOSPC'],
  ['fstatSync', 'EIO'],
  ['statSync', 'EACCES'],
]

describe('after a failure', () => {
  test.each(FAILURES)(
    'F5 of %s (%s) nothing is let through until the journal was read again',
    (operation, code) => {
      const failing = new FailingFiles()
      const { open, directory, events } = setUp()
      const journal = open({ files: failing.files })
      advance(journal, wanted(101))
      Object.assign(failing, { operation, code })
      const expected = { code: 'state-write-failed', message: expect.stringContaining(code) as string }
      expect(stateErrorOf(() => journal.reserve(wanted(102)))).toMatchObject(expected)
      // it cannot be written anew either
      failing.operation = 'renameSync'
      expect(stateErrorOf(() => journal.reserve(wanted(103)))).toMatchObject(expected)
      expect(stateErrorOf(() => journal.reserve(wanted(101)))).toMatchObject(expected)
      expect(
        stateErrorOf(() => {
          journal.check()
        }),
      ).toMatchObject(expected)
      expect(stateErrorOf(() => journal.raise({ ...SEED, level: 500 }))).toMatchObject(expected)
      expect(stateErrorOf(() => journal.seed([{ ...SEED, kind: 'block' }]))).toMatchObject(expected)
      failing.operation = undefined
      expect(() => {
        journal.check()
      }).not.toThrow()
      expect(events.at(-1)).toEqual({ event: 'journal.reopened' })
      expect(archives(directory)).toHaveLength(1)
      advance(journal, wanted(103))
      journal.close()
      const reopened = open()
      expect(reopened.marks()).toMatchObject([{ level: 103 }])
      reopened.close()
    },
  )

  test('F5 of the sync, the mark that reached the file stands: another payload is refused', () => {
    const failing = new FailingFiles()
    const { open } = setUp()
    const journal = open({ files: failing.files })
    failing.operation = 'fdatasyncSync'
    expect(stateErrorOf(() => journal.reserve(wanted(101))).code).toBe('state-write-failed')
    expect(journal.marks()).toMatchObject([{ level: 100 }])
    failing.operation = undefined
    expect(journal.reserve(wanted(101, 0, 2))).toMatchObject({ denial: 'conflicts-with-mark' })
    expect(journal.marks()).toMatchObject([{ level: 101, digest: digestOf(1) }])
    expect(journal.reserve(wanted(101)).verdict).toBe('repeat')
    journal.close()
  })

  test('F5 of a first mark’s sync, the mark that reached the file is taken over', () => {
    const failing = new FailingFiles()
    const { open } = setUp()
    const journal = open({ files: failing.files })
    failing.operation = 'fdatasyncSync'
    expect(stateErrorOf(() => journal.seed([{ ...SEED, kind: 'block' }])).code).toBe('state-write-failed')
    failing.operation = undefined
    expect(journal.seed([{ ...SEED, kind: 'block' }])).toEqual([])
    expect(journal.marks()).toHaveLength(2)
    journal.close()
  })

  test('F5 a short write is carried on, and a torn line is gone after one that was not', () => {
    let steps: readonly ('short' | 'fail')[] = []
    const { open } = setUp()
    const files = aroundFiles((operation, call, args) => {
      const [step, ...rest] = steps
      if (operation !== 'writeSync' || step === undefined) return call()
      steps = rest
      if (step === 'fail') throw systemError('ENOSPC')
      const [fd, bytes, from] = args as [number, Uint8Array, number]
      return writeSync(fd, bytes, from, 10)
    })
    const journal = open({ files })
    steps = ['short', 'short']
    advance(journal, wanted(101))
    steps = ['short', 'fail']
    expect(stateErrorOf(() => journal.reserve(wanted(102))).code).toBe('state-write-failed')
    advance(journal, wanted(102, 0, 2)) // the digest had not reached the file
    journal.close()
    const reopened = open()
    expect(reopened.marks()).toMatchObject([{ level: 102, digest: digestOf(2) }])
    reopened.close()
  })

  test('F5 a signature that could not be stored is kept in memory, and the journal is read again', () => {
    const failing = new FailingFiles()
    const { open } = setUp()
    const journal = open({ files: failing.files })
    advance(journal, wanted(101))
    failing.operation = 'writeSync'
    expect(
      stateErrorOf(() => {
        journal.keepSignature(wanted(101), signatureOf(1))
      }).code,
    ).toBe('state-write-failed')
    expect(() => {
      journal.keepSignature(wanted(101), signatureOf(1))
    }).not.toThrow()
    failing.operation = undefined
    expect(journal.reserve(wanted(101))).toEqual({ verdict: 'repeat', signature: signatureOf(1) })
    journal.close()
    const reopened = open()
    expect(reopened.marks()).toMatchObject([{ signature: signatureOf(1) }])
    reopened.close()
  })

  test.each<Operation>(['linkSync', 'openSync', 'renameSync', 'fsyncSync'])(
    'F5 of %s while a segment is rolled, marks and signature stand',
    (operation) => {
      const failing = new FailingFiles()
      const { open } = setUp({ segmentBytes: 1 })
      const journal = open({ files: failing.files })
      for (let level = 101; level < 134; level++) {
        advance(journal, wanted(level))
        journal.keepSignature(wanted(level), signatureOf(1))
      }
      advance(journal, wanted(134))
      failing.operation = operation
      expect(
        stateErrorOf(() => {
          journal.keepSignature(wanted(134), signatureOf(2))
        }).code,
      ).toBe('state-write-failed')
      expect(stateErrorOf(() => journal.reserve(wanted(135))).message).toMatch(/EIO|EACCES/)
      failing.operation = undefined
      expect(journal.reserve(wanted(134))).toEqual({ verdict: 'repeat', signature: signatureOf(2) })
      expect(journal.reserve(wanted(134, 0, 9))).toMatchObject({ denial: 'conflicts-with-mark' })
      journal.close()
    },
  )

  test.each<Operation>(['readdirSync', 'unlinkSync'])(
    'old segments that cannot be deleted (%s) stop nobody, and go at the next roll',
    (operation) => {
      const failing = new FailingFiles()
      const { open, directory } = setUp({ segmentBytes: 1 })
      const journal = open({ files: failing.files })
      const signThrough = (from: number, to: number) => {
        for (let level = from; level < to; level++) {
          advance(journal, wanted(level))
          journal.keepSignature(wanted(level), signatureOf(1))
        }
      }
      failing.operation = operation
      signThrough(101, 136)
      expect(archives(directory)).toHaveLength(35)
      failing.operation = undefined
      signThrough(136, 137)
      expect(archives(directory)).toHaveLength(32)
      journal.close()
    },
  )

  test('F5 while it is opened, nothing is opened and the lock is given back', () => {
    const failing = new FailingFiles()
    const { open } = setUp()
    failing.operation = 'fsyncSync'
    expect(() => open({ files: failing.files })).toThrow('EIO')
    open().close()
  })

  test('F5 a write of nothing is a failure, not an endless loop', () => {
    const files = aroundFiles((operation, call) => (operation === 'writeSync' ? 0 : call()))
    expect(() => {
      writeAll(files, -1, Uint8Array.of(1))
    }).toThrow('wrote nothing')
  })

  test('a closed journal lets nothing through, and closing it twice is harmless', () => {
    const { open } = setUp()
    const journal = open()
    journal.close()
    const other = open()
    journal.close()
    expect(stateErrorOf(() => journal.reserve(wanted(101))).code).toBe('state-write-failed')
    expect(
      stateErrorOf(() => {
        journal.check()
      }).code,
    ).toBe('state-write-failed')
    expect(stateErrorOf(() => journal.raise({ ...SEED, level: 200 })).code).toBe('state-write-failed')
    expect(journal.marks()).toMatchObject([{ level: 100 }])
    expect(stateErrorOf(open).code).toBe('state-locked')
    other.close()
  })

  test('closing gives the lock back although the file cannot be closed', () => {
    const failing = new FailingFiles()
    const { open } = setUp()
    const journal = open({ files: failing.files })
    failing.operation = 'closeSync'
    expect(() => {
      journal.close()
    }).toThrow('EIO')
    open().close()
  })
})

describe('a journal that changes under a running daemon', () => {
  const refused = (journal: MarksJournal) => {
    for (const action of [
      () => journal.reserve(wanted(103)),
      () => {
        journal.check()
      },
      () => journal.reserve(wanted(102)),
    ]) {
      expect(['journal-replaced', 'journal-damaged', 'state-missing']).toContain(stateErrorOf(action).code)
    }
    expect(journal.marks()).toMatchObject([{ level: 102 }])
    expect(journal.peek(wanted(102, 0, 2))).toMatchObject({ denial: 'conflicts-with-mark' })
  }

  /** A journal at level 102 and a copy of it at level 101. */
  function running() {
    const bench = setUp()
    const journal = bench.open()
    advance(journal, wanted(101))
    const copy = join(bench.directory, 'copy')
    copyFileSync(bench.path, copy)
    advance(journal, wanted(102))
    return { ...bench, journal, copy }
  }

  test('F6 is noticed when it is deleted, by all that could lead to a signature', () => {
    const actions = [
      (journal: MarksJournal) => journal.reserve(wanted(103)),
      (journal: MarksJournal) => journal.reserve(wanted(102)),
      (journal: MarksJournal) => {
        journal.check()
      },
      (journal: MarksJournal) => journal.raise({ ...SEED, level: 200 }),
    ]
    for (const action of actions) {
      const { journal, path } = running()
      unlinkSync(path)
      expect(
        stateErrorOf(() => {
          action(journal)
        }),
      ).toMatchObject({
        code: 'journal-replaced',
        message: expect.stringMatching(/is gone/) as string,
      })
      refused(journal)
      journal.close()
    }
  })

  test('F6 is noticed when an older copy takes its place, and while it stays there', () => {
    const { journal, path, copy } = running()
    renameSync(copy, path)
    refused(journal)
    expect(stateErrorOf(() => journal.reserve(wanted(103)))).toMatchObject({
      code: 'journal-replaced',
      message: expect.stringMatching(/went back/) as string,
    })
    journal.close()
  })

  test('F6 is noticed when an older copy is written over it', () => {
    const { journal, path, copy } = running()
    writeFileSync(path, readFileSync(copy))
    refused(journal)
    journal.close()
  })

  test('F6 is noticed when another payload stands at the known mark', () => {
    const { journal, path, copy } = running()
    const other = join(temporaryDirectory(), 'other')
    const options = { directory: other, maxLevelGap: 'off' } as const
    MarksJournal.create(options, [SEED])
    const forged = MarksJournal.open(options)
    advance(forged, wanted(102, 0, 66))
    forged.close()
    copyFileSync(join(other, 'marks.journal'), copy)
    renameSync(copy, path)
    refused(journal)
    journal.close()
  })

  test('F6 is noticed when a journal without one of the marks takes its place', () => {
    const { journal, path, copy } = running()
    const other = join(temporaryDirectory(), 'other')
    MarksJournal.create({ directory: other, maxLevelGap: 'off' }, [{ ...SEED, kind: 'block', level: 900 }])
    copyFileSync(join(other, 'marks.journal'), copy)
    renameSync(copy, path)
    refused(journal)
    journal.close()
  })

  test('F6 is noticed when another program appends to it', () => {
    const { journal, path } = running()
    appendFileSync(path, 'hello\n')
    expect(stateErrorOf(() => journal.reserve(wanted(103))).code).toBe('journal-replaced')
    expect(stateErrorOf(() => journal.reserve(wanted(103))).code).toBe('journal-damaged')
    refused(journal)
    journal.close()
  })

  test('F6 is noticed when a copy of the same size takes its place', () => {
    const { journal, path, copy } = running()
    copyFileSync(path, copy)
    renameSync(copy, path)
    expect(stateErrorOf(() => journal.reserve(wanted(103))).code).toBe('journal-replaced')
    journal.close()
  })

  test('F6 does not take a signature either', () => {
    const { journal, path } = running()
    unlinkSync(path)
    expect(
      stateErrorOf(() => {
        journal.keepSignature(wanted(102), signatureOf(1))
      }).code,
    ).toBe('journal-replaced')
    journal.close()
  })

  test('F6 that is put back is read again, and signing goes on', () => {
    const { journal, path, copy, events } = running()
    copyFileSync(path, copy)
    unlinkSync(path)
    refused(journal)
    renameSync(copy, path)
    advance(journal, wanted(103))
    expect(events.at(-1)).toEqual({ event: 'journal.reopened' })
    journal.close()
  })
})

describe('the order of a raise', () => {
  const durable: readonly (readonly [string, (journal: MarksJournal) => unknown])[] = [
    ['a request', (journal) => journal.reserve(wanted(101))],
    ['an operator’s raise', (journal) => journal.raise({ ...SEED, level: 200 })],
    ['a seed', (journal) => journal.seed([{ ...SEED, kind: 'block' }])],
  ]

  test.each(durable)('F46 of %s: written and synced before it returns', (_, raise) => {
    const calls: string[] = []
    const { open } = setUp()
    const journal = open({ files: recordingFiles(calls) })
    calls.length = 0
    raise(journal)
    const changes = calls.filter((call) => !['fstatSync', 'statSync'].includes(call))
    expect(changes).toEqual(['writeSync', 'fdatasyncSync'])
    journal.close()
  })

  test('a signature is written without a sync', () => {
    const calls: string[] = []
    const { open } = setUp()
    const journal = open({ files: recordingFiles(calls) })
    advance(journal, wanted(101))
    calls.length = 0
    journal.keepSignature(wanted(101), signatureOf(1))
    expect(calls.filter((call) => /^(write|fsync|fdatasync)/.test(call))).toEqual(['writeSync'])
    journal.close()
  })

  test('F1 what is read is written anew and synced before it is relied on', () => {
    const calls: string[] = []
    const { open } = setUp()
    const journal = open({ files: recordingFiles(calls) })
    expect(calls.filter((call) => /^(write|fsync|fdatasync|rename)/.test(call))).toEqual([
      ...['writeSync', 'fsyncSync', 'renameSync', 'fsyncSync'],
    ])
    journal.close()
  })

  test('F1 a new state directory is written and synced, its name too', () => {
    const calls: string[] = []
    setUp({ files: recordingFiles(calls) })
    expect(calls.filter((call) => /^(write|fsync|fdatasync|rename)/.test(call))).toEqual([
      ...['writeSync', 'fsyncSync', 'renameSync', 'fsyncSync', 'fsyncSync'],
    ])
  })
})

describe('a journal beside a table that hosts share', () => {
  const mark = (level: number, payload?: number, signed = false) => ({
    ...{ ...SEED, level },
    digest: payload === undefined ? undefined : digestOf(payload),
    signature: signed ? signatureOf(payload ?? 0) : undefined,
  })

  test('follows what is higher and places it does not know, durably, and says why', () => {
    const calls: string[] = []
    const { open, path } = setUp({ files: recordingFiles(calls) })
    const journal = open()
    calls.length = 0
    journal.follow(mark(101, 1), 'shared')
    expect(calls).toContain('fdatasyncSync')
    journal.follow(mark(102, 2), 'request')
    journal.follow({ ...mark(7, 3, true), kind: 'block' }, 'shared')
    const written = lines(path).map(({ type, why, level, digest }) => [type, why, level, digest])
    expect(written.slice(2)).toEqual([
      ['mark', 'shared', 101, digestOf(1)],
      ['mark', 'request', 102, digestOf(2)],
      ['mark', 'shared', 7, digestOf(3)],
    ])
    journal.close()
    const again = open()
    expect(again.marks()).toMatchObject([mark(102, 2), { ...mark(7, 3, true), kind: 'block' }])
    again.close()
  })

  test('is not lowered or changed by what it follows, and takes the signature of its own payload', () => {
    const { open, path } = setUp()
    const journal = open()
    journal.follow(mark(101, 1), 'request')
    const before = lines(path).length
    for (const other of [mark(100, 2), mark(101, 2, true), mark(101), mark(101, 1)])
      journal.follow(other, 'shared')
    expect(lines(path)).toHaveLength(before)
    journal.follow(mark(101, 1, true), 'shared')
    expect(journal.marks()).toMatchObject([mark(101, 1, true)])
    journal.follow(mark(101, 1, true), 'shared')
    expect(lines(path)).toHaveLength(before + 1)
    journal.close()
  })

  test('follows a spend that is later than what it knows', () => {
    const { open, path } = setUp()
    const journal = open()
    const spend = { key: TZ1, digest: digestOf(1), mutez: 5n, feeMutez: 1n, at: AT }
    journal.followSpend(spend)
    journal.followSpend(spend)
    journal.followSpend({ ...spend, at: '2026-01-02T03:04:04.000Z' })
    expect(journal.spends()).toEqual([spend])
    expect(lines(path).filter(({ type }) => type === 'spend')).toHaveLength(1)
    journal.close()
  })
})
