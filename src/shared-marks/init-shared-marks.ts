import { markName, MarksJournal, type MarksJournalOptions, type Position } from '../policy/index.js'
import type { MarksTable } from './marks-table.js'

/** What `init` did, place by place. */
export type SharedInit = {
  /** Set now, here and in the table. */
  readonly seeded: readonly Position[]
  /** In the table already: this host begins where it stands. */
  readonly takenOver: readonly Position[]
}

/**
 * Sets the first marks of a host that shares them: in the table where it has none, and then in a new journal, which begins
 * with all that the table says. Rejects with `state-exists` where there is a journal already, before anything is set: a
 * table that is seeded below that journal would let the next host begin below what was signed.
 */
export async function initSharedMarks(
  journal: MarksJournalOptions,
  table: MarksTable,
  seeds: readonly Position[],
): Promise<SharedInit> {
  MarksJournal.refuseExisting(journal)
  const known = new Set((await table.read()).marks.map(markName))
  const missing = seeds.filter((seed) => !known.has(markName(seed)))
  // a host that only joins needs no right to set first marks
  const seeded = missing.length === 0 ? [] : await table.seed(missing)
  const { marks } = await table.read()
  MarksJournal.create(journal, marks)
  const takenOver = marks.filter(
    ({ chain, key, kind }) =>
      !seeded.some((seed) => seed.chain === chain && seed.key === key && seed.kind === kind),
  )
  return {
    seeded,
    takenOver: takenOver.map(({ chain, key, kind, level, round }) => ({ chain, key, kind, level, round })),
  }
}
