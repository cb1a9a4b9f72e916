import { spendEntry, type JournalState, type Quarantine } from './journal-state.js'
import type { NewEntry } from './marks-entry.js'
import { comparePosition, markName, type MarkRecord } from './mark.js'
import type { Position } from './mark-store.js'
import { spendName, type Spend } from './spend.js'

/** A mark that another signer kept. Without a digest nothing more is signed at its level and round. */
export type ImportedMark = Position & {
  /** Lower-case hex of the payload's BLAKE2b-256, where it is known. */
  readonly digest: string | undefined
}

/** What an import does, mark by mark. */
export type ImportPlan = {
  readonly raised: readonly ImportedMark[]
  /** As high here already, or higher. */
  readonly left: readonly ImportedMark[]
  /** There is no such mark here, and an import sets none. */
  readonly unknown: readonly ImportedMark[]
}

/** Compares imported marks with those that stand here. Of several for one mark the highest counts. */
export function planImport(
  marks: ReadonlyMap<string, MarkRecord>,
  imported: readonly ImportedMark[],
): ImportPlan {
  const highest = new Map<string, ImportedMark>()
  for (const mark of imported) {
    const name = markName(mark)
    const before = highest.get(name)
    if (before === undefined || comparePosition(mark, before) > 0) highest.set(name, mark)
  }
  const raised: ImportedMark[] = []
  const left: ImportedMark[] = []
  const unknown: ImportedMark[] = []
  for (const [name, mark] of highest) {
    const here = marks.get(name)
    if (here === undefined) unknown.push(mark)
    else if (comparePosition(mark, here) > 0) raised.push(mark)
    else left.push(mark)
  }
  return { raised, left, unknown }
}

/** What is taken over from another signer. */
export type Imported = {
  readonly plan: ImportPlan
  readonly quarantines: readonly Quarantine[]
  readonly spends: readonly Spend[]
}

/** The journal's lines for an import: what is known here already, or is later here, has none. */
export function importEntries(
  here: JournalState,
  { plan, quarantines, spends }: Imported,
  at: string,
): readonly NewEntry[] {
  const isLater = (spend: Spend) => {
    const known = here.spends.get(spendName(spend))
    return known === undefined || Date.parse(spend.at) > Date.parse(known.at)
  }
  return [
    ...plan.raised.map((mark) => importEntry(mark, at)),
    ...quarantines
      .filter(({ key }) => !here.quarantines.has(key))
      .map(({ key, digest, since }): NewEntry => ({ type: 'quarantine', at: since, key, digest })),
    ...spends.filter(isLater).map(spendEntry),
  ]
}

function importEntry({ chain, key, kind, level, round, digest }: ImportedMark, at: string): NewEntry {
  const values = { digest: digest ?? null, signature: null }
  return { type: 'mark', at, why: 'import', chain, key, kind, level, round, ...values }
}
