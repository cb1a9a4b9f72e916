import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  LONGEST_WINDOW_HOURS,
  MarksJournal,
  systemFiles,
  verifyHistory,
  type MarksJournalOptions,
} from '../../src/policy/index.js'
import { readJournal } from '../../src/policy/journal-file.js'
import { encodeLine } from '../../src/policy/journal-line.js'
import { marksForm } from '../../src/policy/marks-form.js'
import { applyEntry, emptyState, spendEntry, stateEntries } from '../../src/policy/journal-state.js'
import {
  decideSpend,
  spendName,
  type Spend,
  type SpendWindow,
  type WantedSpend,
} from '../../src/policy/spend.js'
import { MAX_WINDOW_HOURS } from '../../src/config/limit-values.js'
import { digestOf, filesIn, MAINNET, temporaryDirectory, TZ1, TZ3 } from './fixture.js'

const HOUR = 3_600_000
const NOON = Date.parse('2026-11-20T12:00:00Z')
const DAY: SpendWindow = { hours: 24, maxMutez: 1000, maxFeeMutez: undefined }
const at = (hours: number) => new Date(NOON + hours * HOUR)

function want(payload: number, mutez: number, rest: Partial<WantedSpend> = {}): WantedSpend {
  return { key: TZ1, digest: digestOf(payload), mutez: BigInt(mutez), feeMutez: 0n, ...rest }
}

function spent(payload: number, mutez: number, hours: number, rest: Partial<Spend> = {}): Spend {
  return { ...want(payload, mutez), at: at(hours).toISOString(), ...rest }
}

function ask(
  wanted: WantedSpend,
  spends: readonly Spend[],
  windows: readonly SpendWindow[] = [DAY],
  hours = 0,
) {
  return decideSpend(wanted, windows, spends, at(hours))
}

test('the longest window of the configuration is the one that the journal remembers for', () => {
  expect(MAX_WINDOW_HOURS).toBe(LONGEST_WINDOW_HOURS)
})

describe('a window', () => {
  test('has room up to its limit, to the mutez', () => {
    expect(ask(want(1, 1000), []).verdict).toBe('reserve')
    expect(ask(want(1, 1001), []).verdict).toBe('deny')
    expect(ask(want(2, 400), [spent(1, 600, -1)]).verdict).toBe('reserve')
    expect(ask(want(2, 401), [spent(1, 600, -1)]).verdict).toBe('deny')
  })

  test('is as long as it says, to the millisecond', () => {
    const before = { at: new Date(NOON - 24 * HOUR + 1).toISOString() }
    expect(ask(want(2, 1000), [spent(1, 1, 0, before)]).verdict).toBe('deny')
    expect(ask(want(2, 1000), [spent(1, 1, -24)]).verdict).toBe('reserve')
  })

  test('counts what the future holds: a clock that was set back frees nothing', () => {
    expect(ask(want(2, 400), [spent(1, 601, 500)]).verdict).toBe('deny')
    expect(ask(want(2, 399), [spent(1, 601, 500)]).verdict).toBe('reserve')
  })

  test('is of its key alone', () => {
    expect(ask(want(2, 1000), [spent(1, 600, -1, { key: TZ3 })]).verdict).toBe('reserve')
  })

  test('counts a payload once, as long as it is in it', () => {
    expect(ask(want(1, 600), [spent(1, 600, -1)]).verdict).toBe('counted')
    expect(ask(want(1, 600), [spent(1, 600, -25)]).verdict).toBe('reserve')
    expect(ask(want(1, 600), [spent(1, 600, -1), spent(2, 401, -1)]).verdict).toBe('deny')
  })

  test('bounds fees where it says so', () => {
    const windows = [{ ...DAY, maxFeeMutez: 100 }]
    const past = [spent(1, 0, -1, { feeMutez: 60n })]
    expect(ask(want(2, 0, { feeMutez: 40n }), past, windows).verdict).toBe('reserve')
    expect(ask(want(2, 0, { feeMutez: 41n }), past, windows)).toMatchObject({
      verdict: 'deny',
      because: expect.stringMatching(/^41 mutez of fees on top of 60 .* max_fee_mutez/) as string,
    })
    expect(ask(want(2, 0, { feeMutez: 41n }), past).verdict).toBe('reserve')
  })

  test('is one of several, and all must have room', () => {
    const windows = [{ hours: 1, maxMutez: 100, maxFeeMutez: undefined }, DAY]
    expect(ask(want(2, 101), [], windows).verdict).toBe('deny')
    expect(ask(want(2, 100), [spent(1, 900, -2)], windows).verdict).toBe('reserve')
    expect(ask(want(2, 100), [spent(1, 901, -2)], windows).verdict).toBe('deny')
    // in the day already, and anew in the hour
    expect(ask(want(1, 100), [spent(1, 100, -2)], windows).verdict).toBe('reserve')
  })

  test('says what was spent, the limit, and when how much is free again', () => {
    const past = [spent(1, 300, -20), spent(2, 500, -10), spent(3, 200, -1)]
    expect(ask(want(4, 700), past)).toEqual({
      verdict: 'deny',
      because:
        '700 mutez on top of 1000 in the last 24 hours are more than max_mutez of that window, 1000; 800 are free again at 2026-11-21T02:00:00.000Z',
    })
    expect(ask(want(4, 1001), past)).toMatchObject({
      because: expect.stringMatching(
        /; the window never has that much room; raise it to allow this$/,
      ) as string,
    })
  })
})

/** A journal in its own directory, and the clock of the wall. */
function journal(rest: Partial<MarksJournalOptions> = {}) {
  const directory = temporaryDirectory()
  const clock = { now: at(0) }
  const options = { directory, maxLevelGap: 'off', wallClock: () => clock.now, ...rest } as const
  const seed = { chain: MAINNET, key: TZ1, kind: 'attestation', level: 0, round: 0 } as const
  MarksJournal.create({ directory, maxLevelGap: 'off' }, [seed])
  let store = MarksJournal.open(options)
  return {
    ...{ directory, clock, store: () => store },
    ask: (wanted: WantedSpend, windows: readonly SpendWindow[] = [DAY]) =>
      store.reserveSpend(wanted, windows).verdict,
    restart: () => {
      store.close()
      store = MarksJournal.open(options)
    },
  }
}

describe('the journal', () => {
  test('keeps what was let through over a restart', () => {
    const { ask: reserve, restart, store } = journal()
    expect(reserve(want(1, 600))).toBe('reserve')
    restart()
    expect(store().spends()).toEqual([spent(1, 600, 0)])
    expect(reserve(want(1, 600))).toBe('counted')
    expect(reserve(want(2, 401))).toBe('deny')
    expect(store().peekSpend(want(2, 400), [DAY]).verdict).toBe('reserve')
    expect(store().spends()).toHaveLength(1)
  })

  test('replays a payload as it was let through last, whatever the order of the lines', () => {
    const state = emptyState()
    for (const hours of [1, 3, 2]) applyEntry(state, spendEntry(spent(1, 600, hours)))
    expect([...state.spends.values()]).toEqual([spent(1, 600, 3)])
  })

  test('keeps sums that no JSON number holds', () => {
    const { ask: reserve, restart, store } = journal()
    const feeMutez = 22n * (2n ** 63n - 1n)
    expect(reserve(want(1, 1, { feeMutez }))).toBe('reserve')
    restart()
    expect(store().spends()).toMatchObject([{ feeMutez }])
  })

  test('holds a payload since it was last let through, and a clock set back does not make it older', () => {
    const { ask: reserve, clock, store } = journal()
    const hour = [{ hours: 1, maxMutez: 1000, maxFeeMutez: undefined }, DAY]
    reserve(want(1, 600), hour)
    clock.now = at(2)
    expect(reserve(want(1, 600), hour)).toBe('reserve')
    expect(store().spends()).toEqual([spent(1, 600, 2)])
    clock.now = at(-50)
    expect(reserve(want(1, 600), hour)).toBe('counted')
    expect(store().spends()).toEqual([spent(1, 600, 2)])
  })

  test('rolls with all that a window can need and nothing older, and its segments are sound', () => {
    const { ask: reserve, clock, restart, store, directory } = journal({ segmentBytes: 2000 })
    const wide = [{ hours: LONGEST_WINDOW_HOURS, maxMutez: 100_000, maxFeeMutez: undefined }]
    reserve(want(1, 1), wide)
    clock.now = at(1)
    for (let payload = 2; payload <= 20; payload++) reserve(want(payload, 1), wide)
    expect(store().spends()).toHaveLength(20)
    clock.now = new Date(at(LONGEST_WINDOW_HOURS + 1).getTime() - 1) // the first one is forgotten, the others not yet
    for (let payload = 21; payload <= 40; payload++) reserve(want(payload, 1), wide)
    restart()
    expect(
      store()
        .spends()
        .map(({ digest }) => digest),
    ).toEqual(Array.from({ length: 39 }, (_, index) => digestOf(index + 2)))
    const { segments, problems } = verifyHistory(systemFiles, directory)
    expect(problems).toEqual([])
    expect(segments.length).toBeGreaterThan(3)
  })

  test('hands over what was spent when it is exported, and takes only what is later', () => {
    const from = journal()
    from.ask(want(1, 600))
    from.ask(want(2, 100))
    const to = journal()
    to.clock.now = at(1)
    to.ask(want(2, 100))
    to.store().import([], [], from.store().spends())
    to.restart()
    expect(to.store().spends()).toEqual([spent(2, 100, 1), spent(1, 600, 0)])
    expect(to.ask(want(3, 301))).toBe('deny')
    expect(to.ask(want(3, 300))).toBe('reserve')
  })
})

test('a segment that has lost what was spent is found', () => {
  const { ask: reserve, store, directory } = journal({ segmentBytes: 1000 })
  for (let payload = 1; payload <= 3; payload++) reserve(want(payload, 1))
  store().close()
  const archive =
    filesIn(directory)
      .filter((name) => name.startsWith('marks-'))
      .at(-1) ?? ''
  expect(archive).toMatch(/^marks-\d+\.journal$/)
  const { journal: rolled } = verifyHistory(systemFiles, directory)
  const end = readJournal({ form: marksForm, files: systemFiles, directory }, archive).end
  const state = { ...emptyState(), marks: new Map(rolled?.marks) }
  const roll = (spends: readonly Spend[]) => {
    const opening = {
      type: 'segment',
      at: at(0).toISOString(),
      format: 'tezio-bridge-marks',
      version: 1,
    } as const
    for (const spend of spends) state.spends.set(spendName(spend), spend)
    let chain = end
    const lines = [opening, ...stateEntries(state, 'snapshot')].map((entry) => {
      const { text, end: next } = encodeLine(entry, chain)
      chain = next
      return text
    })
    writeFileSync(join(directory, 'marks.journal'), lines.join(''))
    return verifyHistory(systemFiles, directory).problems.map(({ reason }) => reason)
  }
  const kept = [
    ...readJournal({ form: marksForm, files: systemFiles, directory }, archive).state.spends.values(),
  ]
  expect(roll(kept.slice(1))).toEqual([`it has lost what ${TZ1} spent at ${at(0).toISOString()}`])
  expect(roll(kept)).toEqual([])
})

type Step =
  | { readonly step: 'ask'; readonly payload: number; readonly mutez: number; readonly fee: number }
  | { readonly step: 'clock'; readonly minutes: number }
  | { readonly step: 'restart' }

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        step: fc.constant('ask' as const),
        payload: fc.nat(9),
        mutez: fc.nat(500),
        fee: fc.nat(40),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        step: fc.constant('clock' as const),
        minutes: fc.integer({ min: -400, max: 1500 }),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ step: 'restart' as const }) },
  ),
  { minLength: 5, maxLength: 40 },
)

/** A payload always moves the same. */
const mutezOf = ({ payload, mutez }: { readonly payload: number; readonly mutez: number }) =>
  (mutez * (payload + 1)) % 500

test('property: whatever the order, the restarts and the clock, no window ever holds more than its limit', () => {
  const windows: readonly SpendWindow[] = [
    { hours: 1, maxMutez: 700, maxFeeMutez: 60 },
    { hours: 24, maxMutez: 1500, maxFeeMutez: undefined },
  ]
  let denials = 0
  fc.assert(
    fc.property(steps, fc.nat(400), (all: readonly Step[], salt) => {
      const { ask: reserve, clock, restart, store } = journal({ segmentBytes: 2000 })
      /** The simple model: every payload that was let through, and when last by the clock of the wall. */
      const model = new Map<number, { mutez: number; fee: number; at: number }>()
      for (const step of all) {
        if (step.step === 'restart') restart()
        else if (step.step === 'clock') clock.now = new Date(clock.now.getTime() + step.minutes * 60_000)
        else {
          const { payload } = step
          const [mutez, fee] = [mutezOf({ payload, mutez: salt }), (payload * 7) % 40]
          const now = clock.now.getTime()
          const verdict = reserve(want(payload, mutez, { feeMutez: BigInt(fee) }), windows)
          if (verdict === 'deny') denials++
          const fits = windows.every(({ hours, maxMutez, maxFeeMutez }) => {
            const others = [...model].filter(
              ([other, one]) => other !== payload && one.at > now - hours * HOUR,
            )
            const sum = (part: 'mutez' | 'fee') => others.reduce((total, [, one]) => total + one[part], 0)
            const feeFits = maxFeeMutez === undefined || sum('fee') + fee <= maxFeeMutez
            return sum('mutez') + mutez <= maxMutez && feeFits
          })
          expect(verdict !== 'deny').toBe(fits)
          if (fits) {
            const before = model.get(payload)
            const isCounted = before !== undefined && before.at > now - HOUR
            model.set(payload, { mutez, fee, at: isCounted ? before.at : Math.max(now, before?.at ?? 0) })
          }
        }
      }
      store().close()
    }),
    { numRuns: 60 },
  )
  expect(denials).toBeGreaterThan(50)
})
