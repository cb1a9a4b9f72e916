import { describe, expect, test } from 'vitest'
import type { NewEntry } from '../../src/policy/marks-entry.js'
import { applyEntry, emptyState, stateEntries } from '../../src/policy/journal-state.js'
import { digestOf, signatureOf, TZ1, TZ3, wanted } from './fixture.js'

const AT = '2026-01-02T03:04:05.678Z'
const LATER = '2026-01-03T00:00:00.000Z'

const seed: NewEntry = {
  ...{ type: 'mark', at: AT, why: 'seed', signature: null },
  ...{ ...wanted(100), digest: null },
}
const raised: NewEntry = { type: 'mark', at: LATER, why: 'request', ...wanted(101), signature: null }
const signed: NewEntry = { type: 'signature', at: LATER, ...wanted(101), signature: signatureOf(1) }
const quarantine: NewEntry = { type: 'quarantine', at: LATER, key: TZ3, digest: digestOf(2) }
const cleared: NewEntry = { type: 'quarantine-cleared', at: LATER, key: TZ3 }
const tombstone: NewEntry = { type: 'tombstone', at: LATER }

function stateOf(...entries: readonly NewEntry[]) {
  const state = emptyState()
  const problems = entries.map((entry) => applyEntry(state, entry))
  return { state, problem: problems.find((one) => one !== undefined) }
}

describe('what a journal adds up to', () => {
  test('is its marks, its quarantines, and whether it was exported', () => {
    const { state, problem } = stateOf(seed, raised, signed, quarantine, tombstone)
    expect(problem).toBeUndefined()
    expect([...state.marks.values()]).toMatchObject([
      { level: 101, signature: signatureOf(1), raisedAt: LATER },
    ])
    expect([...state.quarantines.values()]).toEqual([{ key: TZ3, digest: digestOf(2), since: LATER }])
    expect(state.exportedAt).toBe(LATER)
  })

  test('is the same again when it is read from a snapshot', () => {
    const { state } = stateOf(seed, raised, signed, quarantine)
    const again = stateOf(...stateEntries(state, 'snapshot'))
    expect(again).toEqual({ state, problem: undefined })
  })

  test('F22 a key is out of use until it is cleared', () => {
    const { state, problem } = stateOf(quarantine, cleared)
    expect([problem, state.quarantines.size]).toEqual([undefined, 0])
    expect(stateOf(quarantine, cleared, quarantine).problem).toBeUndefined()
  })

  test.each<[string, readonly NewEntry[], RegExp]>([
    ['a quarantine of a key that is in quarantine', [quarantine, quarantine], /twice/],
    ['a release of a key that is not', [cleared], /was not quarantined/],
    ['a mark behind the tombstone', [seed, tombstone, raised], /follows the line that ended/],
    ['a signature behind the tombstone', [seed, raised, tombstone, signed], /follows the line that ended/],
    ['a second tombstone', [tombstone, tombstone], /follows the line that ended/],
    ['a first mark that an import sets', [{ ...raised, why: 'import' }], /out of turn/],
    ['an import that lowers', [seed, { ...raised, why: 'import', level: 99 }], /does not raise/],
  ])('F4 cannot go on with %s', (_, entries, expected) => {
    const { state, problem } = stateOf(...entries)
    expect(problem).toMatch(expected)
    const before = stateOf(...entries.slice(0, -1)).state
    expect(state).toEqual(before)
  })

  test('other keys are not touched', () => {
    const { state } = stateOf(seed, quarantine)
    expect(applyEntry(state, { ...quarantine, key: TZ1 })).toBeUndefined()
    expect([...state.quarantines.keys()]).toEqual([TZ3, TZ1])
    expect(applyEntry(state, { ...cleared, key: TZ1 })).toBeUndefined()
    expect([...state.quarantines.keys()]).toEqual([TZ3])
  })
})
