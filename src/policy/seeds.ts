import { emptyState, type JournalState } from './journal-state.js'
import { markName, type Mark } from './mark.js'
import type { Position } from './mark-store.js'

/** A first mark. One that is taken over from a table of several hosts brings its payload with it. */
export type Seed = Position & Partial<Pick<Mark, 'digest' | 'signature'>>

/** One seed for each mark: a journal that sets one twice is damaged. */
export function firstOfEach<One extends Position>(seeds: readonly One[]): readonly One[] {
  const byName = new Map<string, One>()
  for (const seed of seeds) if (!byName.has(markName(seed))) byName.set(markName(seed), seed)
  return [...byName.values()]
}

/** What a new journal holds: marks set by hand at an instant (ISO 8601). */
export function seededState(seeds: readonly Seed[], at: string): JournalState {
  const state = emptyState()
  for (const { chain, key, kind, level, round, digest, signature } of firstOfEach(seeds)) {
    const record = { chain, key, kind, level, round, digest, signature, raisedAt: at }
    state.marks.set(markName(record), record)
  }
  return state
}
