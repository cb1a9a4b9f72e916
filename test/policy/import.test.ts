import { statSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MarksJournal, StateError, type ImportedMark, type Quarantine } from '../../src/policy/index.js'
import { planImport } from '../../src/policy/imported-mark.js'
import { comparePosition, markName, type MarkRecord } from '../../src/policy/mark.js'
import { digestOf, GHOSTNET, MAINNET, stateErrorOf, temporaryDirectory, TZ1, TZ3, wanted } from './fixture.js'
import { SimulatedDisk } from './simulated-disk.js'

const KINDS = ['block', 'preattestation', 'attestation'] as const
const SEEDS = KINDS.map((kind) => ({ chain: MAINNET, key: TZ1, kind, level: 100, round: 1 }))

const imported = (level: number, round = 0, rest: Partial<ImportedMark> = {}): ImportedMark => ({
  ...{ chain: MAINNET, key: TZ1, kind: 'attestation', level, round, digest: undefined, ...rest },
})

const QUARANTINE: Quarantine = { key: TZ3, digest: digestOf(1), since: '2026-01-02T03:04:05.678Z' }

function setUp() {
  const directory = join(temporaryDirectory(), 'state')
  const options = { directory, maxLevelGap: 'off' } as const
  MarksJournal.create(options, SEEDS)
  let store = MarksJournal.open(options)
  return {
    directory,
    store: () => store,
    restart: () => {
      store.close()
      store = MarksJournal.open(options)
    },
  }
}

const levels = (marks: readonly MarkRecord[]) => marks.map(({ kind, level, round }) => [kind, level, round])

describe('an import', () => {
  test('F12 raises what is higher, leaves what is not, and sets no first mark', () => {
    const { store, restart } = setUp()
    const higher = imported(200, 0, { digest: digestOf(1) })
    const lower = imported(50, 0, { kind: 'block' })
    const equal = imported(100, 1, { kind: 'preattestation', digest: digestOf(2) })
    const elsewhere = imported(300, 0, { chain: GHOSTNET })
    const plan = { raised: [higher], left: [lower, equal], unknown: [elsewhere] }
    expect(store().planImport([higher, lower, equal, elsewhere])).toEqual(plan)
    expect(store().marks()).toMatchObject([{ level: 100 }, { level: 100 }, { level: 100 }])
    expect(store().import([higher, lower, equal, elsewhere], [])).toEqual(plan)
    const after = [
      ['block', 100, 1],
      ['preattestation', 100, 1],
      ['attestation', 200, 0],
    ]
    expect(levels(store().marks())).toEqual(after)
    restart()
    expect(levels(store().marks())).toEqual(after)
    expect(store().marks()[1]).toMatchObject({ digest: undefined })
  })

  test('F12 lets the imported payload be signed again and no other one; without a digest none', () => {
    const { store } = setUp()
    store().import([imported(200, 0, { digest: digestOf(7) }), imported(200, 0, { kind: 'block' })], [])
    expect(store().reserve(wanted(200, 0, 7)).verdict).toBe('repeat')
    expect(store().reserve(wanted(200, 0, 8)).verdict).toBe('deny')
    expect(store().reserve(wanted(199, 9, 7)).verdict).toBe('deny')
    expect(store().reserve({ ...wanted(200, 0, 7), kind: 'block' }).verdict).toBe('deny')
    expect(store().reserve(wanted(201, 0, 8)).verdict).toBe('advance')
  })

  test('F12 of several entries for one mark takes the highest', () => {
    const { store } = setUp()
    store().import([imported(150), imported(200, 3), imported(200, 2), imported(199, 9)], [])
    expect(levels(store().marks())[2]).toEqual(['attestation', 200, 3])
  })

  test('F22 takes over keys in quarantine, once', () => {
    const { store, restart } = setUp()
    store().import([], [QUARANTINE])
    store().import([imported(200)], [QUARANTINE, { ...QUARANTINE, key: TZ1 }])
    restart()
    expect(
      store()
        .quarantines()
        .map(({ key }) => key),
    ).toEqual([TZ3, TZ1])
  })

  test('F12 that changes nothing writes nothing', () => {
    const { store, directory } = setUp()
    const inode = () => statSync(join(directory, 'marks.journal')).ino
    const before = inode()
    store().import([imported(1)], [])
    expect(inode()).toBe(before)
    expect(store().clearQuarantine(TZ3)).toBe(false)
    expect(store().marks()).toMatchObject([{}, {}, { level: 100 }])
  })

  test('F12 is done as a whole or not at all, at whatever operation the disk fails or the power is cut', () => {
    const directory = temporaryDirectory()
    const wantedLevels = KINDS.map((kind, index) => imported(200 + index, 0, { kind }))
    const before = SEEDS.map(({ kind }) => [kind, 100, 1])
    const after = wantedLevels.map(({ kind, level }) => [kind, level, 0])
    const outcomes = new Set<string>()
    const run = (
      at: number,
      when: 'before' | 'halfway' | 'behind',
      then: 'goes-on' | 'dies',
      cut: boolean,
    ) => {
      const state = join(directory, `${at}-${when}-${then}-${String(cut)}`)
      MarksJournal.create({ directory: state, maxLevelGap: 'off' }, SEEDS)
      const disk = new SimulatedDisk(state)
      const options = { directory: state, maxLevelGap: 'off', files: disk.files } as const
      let store = MarksJournal.open(options)
      disk.plan({ at, when, then, code: 'EIO' })
      let isDone = true
      try {
        store.import(wantedLevels, [QUARANTINE])
      } catch (error) {
        if (!(error instanceof StateError)) throw error
        isDone = false
      }
      const operations = disk.operations
      if (then === 'goes-on' && !isDone && !cut) {
        disk.restart()
        store.check()
      } else {
        store.close()
        if (cut) disk.cutPower()
        else disk.restart()
        store = MarksJournal.open(options)
      }
      const found = JSON.stringify(levels(store.marks()))
      expect(store.quarantines()).toEqual(found === JSON.stringify(after) ? [QUARANTINE] : [])
      expect([JSON.stringify(before), JSON.stringify(after)]).toContain(found)
      if (isDone) expect(found).toBe(JSON.stringify(after))
      outcomes.add(`${String(isDone)} ${String(found === JSON.stringify(after))}`)
      store.close()
      disk.close()
      return operations > at
    }
    for (const when of ['before', 'halfway', 'behind'] as const) {
      for (const then of ['goes-on', 'dies'] as const) {
        for (const cut of [true, false]) for (let at = 0; run(at, when, then, cut); at++);
      }
    }
    expect([...outcomes].sort()).toEqual(['false false', 'false true', 'true true'])
  })

  test('F12 property: whatever is imported, no mark is lowered and no other is set', () => {
    const position = fc.record({
      chain: fc.constantFrom(MAINNET, GHOSTNET),
      key: fc.constantFrom(TZ1, TZ3),
      kind: fc.constantFrom(...KINDS),
      level: fc.nat(6),
      round: fc.nat(3),
    })
    fc.assert(
      fc.property(fc.array(position), fc.array(position), (here, there) => {
        const records = here.map((mark) => {
          return [markName(mark), { ...mark, digest: undefined, signature: undefined, raisedAt: '' }] as const
        })
        const marks = new Map(records)
        const { raised, left, unknown } = planImport(
          marks,
          there.map((mark) => ({ ...mark, digest: undefined })),
        )
        for (const mark of raised) {
          const known = marks.get(markName(mark))
          expect(known === undefined ? -1 : comparePosition(mark, known)).toBeGreaterThan(0)
        }
        for (const mark of unknown) expect(marks.has(markName(mark))).toBe(false)
        const names = [...raised, ...left, ...unknown].map(markName)
        expect(new Set(names).size).toBe(names.length)
        expect(new Set(names)).toEqual(new Set(there.map(markName)))
      }),
    )
  })
})

describe('an exported journal', () => {
  test('is never signed with again, and can still be read', () => {
    const { store, directory } = setUp()
    store().reserve(wanted(101))
    store().bury()
    expect(stateErrorOf(() => MarksJournal.open({ directory, maxLevelGap: 'off' })).code).toBe(
      'state-exported',
    )
    expect(stateErrorOf(() => store().reserve(wanted(102))).code).toBe('state-write-failed')
    const state = MarksJournal.read(directory)
    expect(state.exportedAt).toBeDefined()
    expect(state.marks.get(markName(wanted(0)))).toMatchObject({ level: 101 })
  })

  test('cannot be begun again by init', () => {
    const { store, directory } = setUp()
    store().bury()
    const again = () => {
      MarksJournal.create({ directory, maxLevelGap: 'off' }, SEEDS)
    }
    expect(stateErrorOf(again).code).toBe('state-exists')
  })

  test('F5 of a tombstone that could not be synced, nothing is signed until it is known what stands', () => {
    const directory = temporaryDirectory()
    MarksJournal.create({ directory: join(directory, 'state'), maxLevelGap: 'off' }, SEEDS)
    const disk = new SimulatedDisk(join(directory, 'state'))
    const options = { directory: join(directory, 'state'), maxLevelGap: 'off', files: disk.files } as const
    const store = MarksJournal.open(options)
    // 0 to 3 look whether it is the same file, 4 writes the tombstone, 5 syncs it
    disk.plan({ at: 5, when: 'before', then: 'goes-on', code: 'EIO' })
    const bury = () => {
      store.bury()
    }
    const failure = stateErrorOf(bury).code
    disk.restart()
    const code = stateErrorOf(() => store.reserve(wanted(102))).code
    expect([failure, code]).toEqual(['state-write-failed', 'state-exported'])
    store.close()
    disk.close()
  })
})
