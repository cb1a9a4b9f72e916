import { markName, type MarkRecord } from './mark.js'
import type { Position } from './mark-store.js'

/** One seed for each mark: a journal that sets one twice is damaged. */
export function firstOfEach(seeds: readonly Position[]): readonly Position[] {
  const byName = new Map<string, Position>()
  for (const seed of seeds) if (!byName.has(markName(seed))) byName.set(markName(seed), seed)
  return [...byName.values()]
}

/** The first record of a mark, set by hand at an instant (ISO 8601). */
export function seedRecord(seed: Position, at: string): MarkRecord {
  const { chain, key, kind, level, round } = seed
  return { chain, key, kind, level, round, digest: undefined, signature: undefined, raisedAt: at }
}
