import { emptyState, type JournalState } from './journal-state.js'
import { markName } from './mark.js'
import type { Position } from './mark-store.js'

/** One seed for each mark: a journal that sets one twice is damaged. */
export function firstOfEach(seeds: readonly Position[]): readonly Position[] {
  const byName = new Map<string, Position>()
  for (const seed of seeds) if (!byName.has(markName(seed))) byName.set(markName(seed), seed)
  return [...byName.values()]
}

/** What a new journal holds: marks set by hand at an instant (ISO 8601). */
export function seededState(seeds: readonly Position[], at: string): JournalState {
  const state = emptyState()
  for (const { chain, key, kind, level, round } of firstOfEach(seeds)) {
    const record = { chain, key, kind, level, round, digest: undefined, signature: undefined, raisedAt: at }
    state.marks.set(markName(record), record)
  }
  return state
}
