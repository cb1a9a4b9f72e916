import { rmSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  MarksJournal,
  StateError,
  type MarkRecord,
  type Verdict,
  type Wanted,
} from '../../src/policy/index.js'
import { comparePosition, markName } from '../../src/policy/mark.js'
import { filesIn, GHOSTNET, MAINNET, signatureOf, temporaryDirectory, TZ1, wanted } from './fixture.js'
import { SimulatedDisk, type Incident } from './simulated-disk.js'

const SEEDS = [MAINNET, GHOSTNET].map((chain) => ({
  ...{ chain, key: TZ1, kind: 'attestation' as const, level: 0, round: 0 },
}))

/** A journal on a simulated disk, and all that it ever let through to the device. */
class Bench {
  readonly directory = temporaryDirectory()
  readonly disk = new SimulatedDisk(this.directory)
  /** By mark and position: the one digest that may ever be signed there. */
  readonly letThrough = new Map<string, Wanted>()
  /** Why the last attempt was refused. */
  refusal = ''
  #journal: MarksJournal | undefined

  constructor() {
    const { directory, disk } = this
    MarksJournal.create({ directory, maxLevelGap: 'off', files: disk.files }, SEEDS)
  }

  /** Opens the journal if it is not open. Whether it could be. */
  open(): boolean {
    const { directory, disk } = this
    const options = { directory, maxLevelGap: 'off', files: disk.files, segmentBytes: 3200 } as const
    return this.#attempt(() => {
      this.#journal ??= MarksJournal.open(options)
    })
  }

  /** One process less. */
  quit(): void {
    this.#journal?.close()
    this.#journal = undefined
  }

  restart(): void {
    this.quit()
    this.disk.restart()
  }

  cutPower(): void {
    this.quit()
    this.disk.cutPower()
  }

  /** Asks for a payload. What the rule sends to the device is checked against all that it ever sent there. */
  request(want: Wanted): Verdict | undefined {
    let verdict: Verdict | undefined
    this.#attempt(() => {
      verdict = this.#journal?.reserve(want)
    })
    if (verdict === undefined || verdict.verdict === 'deny') return verdict
    const place = `${markName(want)} ${want.level}/${want.round}`
    const before = this.letThrough.get(place)
    if (before !== undefined && before.digest !== want.digest) {
      throw new Error(`two payloads were let through for ${place}`)
    }
    this.letThrough.set(place, want)
    return verdict
  }

  keep(want: Wanted, payload: number): void {
    this.#attempt(() => {
      this.#journal?.keepSignature(want, signatureOf(payload))
    })
  }

  raise(level: number): void {
    this.#attempt(() => this.#journal?.raise({ ...wanted(level) }))
  }

  marks(): readonly MarkRecord[] {
    return this.#journal?.marks() ?? []
  }

  /** No mark may be below what was let through, and none may stand for another payload. */
  expectMarksHold(): void {
    const marks = new Map(this.marks().map((mark) => [markName(mark), mark]))
    for (const want of this.letThrough.values()) {
      const mark = marks.get(markName(want))
      if (mark === undefined) throw new Error(`${markName(want)} is lost`)
      const order = comparePosition(mark, want)
      if (order < 0) throw new Error(`a mark was lowered to ${mark.level} below ${want.level}`)
      if (order === 0) expect(mark.digest).toBe(want.digest)
    }
  }

  /** Asks for another payload wherever one was let through: each is refused. */
  expectConflictsRefused(): void {
    for (const want of [...this.letThrough.values()]) {
      const other = { ...want, digest: 'f'.repeat(64) }
      expect(this.request(other)?.verdict).toBe('deny')
    }
  }

  destroy(): void {
    this.quit()
    this.disk.close()
    rmSync(this.directory, { recursive: true })
  }

  /** Whether it was done. A StateError is a refusal; so is what the system throws while a journal is opened. */
  #attempt(action: () => unknown): boolean {
    try {
      action()
      return true
    } catch (error) {
      if (!(error instanceof StateError || (error instanceof Error && 'code' in error))) throw error
      this.refusal = error.message
      return false
    }
  }
}

describe('a mark that was let through stands', () => {
  const [early, late] = [wanted(10, 0, 1), wanted(10, 0, 2)]
  const broken = (at: number, then: Incident['then']): Incident => ({ at, when: 'before', then, code: 'EIO' })

  /** The number of operations from here to the end of `action`. */
  function countOf(bench: Bench, action: () => void): number {
    bench.disk.plan({ at: -1, when: 'before', then: 'dies', code: 'EIO' })
    action()
    return bench.disk.operations
  }

  /** Which operation of a request is the sync of its mark: the last one. */
  const syncAt = (() => {
    let at = 0
    test('with a sync as the last operation of a request', () => {
      const bench = new Bench()
      bench.open()
      at = countOf(bench, () => bench.request(early)) - 1
      expect(at).toBeGreaterThan(1)
      bench.destroy()
    })
    return () => at
  })()

  test('F1 when power is cut right after', () => {
    const bench = new Bench()
    bench.open()
    expect(bench.request(early)?.verdict).toBe('advance')
    bench.cutPower()
    bench.open()
    expect(bench.request(late)?.verdict).toBe('deny')
  })

  test('F1 when the process was killed before its sync, the next one repeats it, and power is cut', () => {
    const bench = new Bench()
    bench.open()
    bench.disk.plan(broken(syncAt(), 'dies'))
    expect(bench.request(early)).toBeUndefined()
    bench.restart()
    bench.open()
    expect(bench.request(early)?.verdict).toBe('repeat')
    bench.cutPower()
    bench.open()
    expect(bench.request(late)?.verdict).toBe('deny')
  })

  test('F5 when its sync failed, it is repeated, and power is cut', () => {
    const bench = new Bench()
    bench.open()
    bench.disk.plan(broken(syncAt(), 'goes-on'))
    expect(bench.request(early)).toBeUndefined()
    expect(bench.request(early)?.verdict).toBe('repeat')
    bench.cutPower()
    bench.open()
    expect(bench.request(late)?.verdict).toBe('deny')
  })

  test('F5 when its sync failed, the daemon was restarted, it is repeated, and power is cut', () => {
    const bench = new Bench()
    bench.open()
    bench.disk.plan(broken(syncAt(), 'goes-on'))
    expect(bench.request(early)).toBeUndefined()
    bench.restart()
    bench.open()
    expect(bench.request(early)?.verdict).toBe('repeat')
    bench.cutPower()
    bench.open()
    expect(bench.request(late)?.verdict).toBe('deny')
  })

  test('F1 when the process was killed while it rolled a segment, and power is cut later', () => {
    for (let at = 0; at < 30; at++) {
      const bench = new Bench()
      bench.open()
      for (let level = 1; level <= 4; level++) {
        if (level === 3) bench.disk.plan({ at, when: 'before', then: 'dies', code: 'EIO' })
        bench.request(wanted(level, 0, 1))
        bench.keep(wanted(level, 0, 1), 1)
      }
      bench.restart()
      bench.open()
      bench.request(wanted(20, 0, 1))
      bench.cutPower()
      expect(bench.open(), bench.refusal).toBe(true)
      bench.expectMarksHold()
      bench.expectConflictsRefused()
      bench.destroy()
    }
  })
})

/** A life of a daemon: votes on two chains, a raise, and enough signatures to roll segments. */
function live(bench: Bench): void {
  if (!bench.open()) return
  for (let level = 1; level <= 3; level++) {
    for (const chain of [MAINNET, GHOSTNET]) {
      const want = wanted(level, level % 2, level, { chain })
      bench.request(want)
      bench.request({ ...want, digest: 'e'.repeat(64) })
      bench.keep(want, level)
    }
    if (level === 2) bench.raise(3)
  }
}

describe('whatever operation fails', () => {
  const dry = new (class {
    operations = 0
  })()

  test('none does in a quiet life, and segments are rolled', () => {
    const bench = new Bench()
    bench.disk.plan({ at: -1, when: 'before', then: 'dies', code: 'EIO' })
    live(bench)
    expect(filesIn(bench.directory).filter((name) => name.startsWith('marks-'))).toHaveLength(2)
    dry.operations = bench.disk.operations
    expect(bench.letThrough.size).toBe(6)
    expect(dry.operations).toBeGreaterThan(60)
    bench.destroy()
  })

  const incidents: readonly (readonly [string, Omit<Incident, 'at'>])[] = [
    ['the process dies before it', { when: 'before', then: 'dies', code: 'EIO' }],
    ['the process dies in the middle of it', { when: 'halfway', then: 'dies', code: 'EIO' }],
    ['the process dies behind it', { when: 'behind', then: 'dies', code: 'EIO' }],
    ['it fails with EROFS and nothing is done', { when: 'before', then: 'goes-on', code: 'EROFS' }],
    ['it fails with ENOSPC halfway', { when: 'halfway', then: 'goes-on', code: 'ENOSPC' }],
    ['it is done but EIO is told', { when: 'behind', then: 'goes-on', code: 'EIO' }],
  ]

  test.each(incidents)('F5 %s: no mark goes back, not after a power cut either', (_, incident) => {
    for (let at = 0; at < dry.operations; at++) {
      for (const end of incident.then === 'dies'
        ? (['restart', 'cutPower'] as const)
        : ['cutPower' as const]) {
        const bench = new Bench()
        bench.disk.plan({ ...incident, at })
        live(bench)
        bench[end]()
        expect(bench.open(), bench.refusal).toBe(true)
        bench.expectMarksHold()
        bench.expectConflictsRefused()
        bench.destroy()
      }
    }
  })
})

describe('whatever happens in whatever order', () => {
  const incident = fc.record({
    step: fc.constant('incident' as const),
    at: fc.nat(30),
    when: fc.constantFrom<Incident['when']>('before', 'halfway', 'behind'),
    then: fc.constantFrom<Incident['then']>('goes-on', 'dies'),
    code: fc.constantFrom('EIO', 'ENOSPC'),
  })
  const request = fc.record({
    step: fc.constant('request' as const),
    level: fc.integer({ min: 1, max: 4 }),
    round: fc.nat(1),
    payload: fc.nat(1),
    isSigned: fc.boolean(),
  })
  const end = fc.record({ step: fc.constantFrom('restart' as const, 'cutPower' as const) })
  const steps = fc.array(
    fc.oneof(
      { weight: 5, arbitrary: request },
      { weight: 2, arbitrary: incident },
      { weight: 2, arbitrary: end },
    ),
    { maxLength: 30 },
  )

  test('F1 no two payloads are ever let through for one level and round', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const bench = new Bench()
        for (const step of sequence) {
          if (step.step === 'incident') bench.disk.plan(step)
          else if (step.step === 'request') {
            const want = wanted(step.level, step.round, step.payload)
            bench.open()
            const verdict = bench.request(want)
            if (verdict !== undefined && verdict.verdict !== 'deny' && step.isSigned)
              bench.keep(want, step.payload)
          } else bench[step.step]()
        }
        bench.cutPower()
        expect(bench.open(), bench.refusal).toBe(true)
        bench.expectMarksHold()
        bench.destroy()
      }),
      { numRuns: 150 },
    )
  })
})
