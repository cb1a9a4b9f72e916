import type { PublicKeyHash } from '../tezos/index.js'
import { comparePosition, markName, type MarkRecord } from './mark.js'
import type { NewEntry } from './marks-entry.js'
import { isForgettable, spendName, type Spend } from './spend.js'

/** A key that signs nothing more, since when (ISO 8601), and the payload whose signature was withheld. */
export type Quarantine = { readonly key: PublicKeyHash; readonly digest: string; readonly since: string }

/** What a journal's lines add up to. */
export type JournalState = {
  /** By `markName`. */
  readonly marks: Map<string, MarkRecord>
  readonly quarantines: Map<PublicKeyHash, Quarantine>
  /** What keys with spend windows were let through, by `spendName`. */
  readonly spends: Map<string, Spend>
  /** When the marks were exported (ISO 8601); nothing may be signed with them here since then. */
  exportedAt: string | undefined
}

/** Before the first line. */
export function emptyState(): JournalState {
  return { marks: new Map(), quarantines: new Map(), spends: new Map(), exportedAt: undefined }
}

/** Takes one line into `state`, or tells why it cannot follow what came before; then nothing was changed. */
export function applyEntry(state: JournalState, entry: NewEntry): string | undefined {
  if (state.exportedAt !== undefined) return 'it follows the line that ended this journal'
  switch (entry.type) {
    case 'segment':
      return undefined
    case 'mark':
      return applyMark(state, entry)
    case 'signature':
      return applySignature(state, entry)
    case 'quarantine':
      if (state.quarantines.has(entry.key)) return `it quarantines ${entry.key} twice`
      state.quarantines.set(entry.key, { key: entry.key, digest: entry.digest, since: entry.at })
      return undefined
    case 'quarantine-cleared':
      return state.quarantines.delete(entry.key) ? undefined : `${entry.key} was not quarantined`
    case 'spend': {
      const { key, digest, at } = entry
      keepLatest(state, { key, digest, mutez: BigInt(entry.mutez), feeMutez: BigInt(entry.feeMutez), at })
      return undefined
    }
    case 'tombstone':
      state.exportedAt = entry.at
      return undefined
  }
}

/** One payload counts once, since it was last let through; an earlier instant, of a clock set back, changes nothing. */
export function keepLatest({ spends }: JournalState, spend: Spend): void {
  const before = spends.get(spendName(spend))
  if (before === undefined || Date.parse(spend.at) > Date.parse(before.at))
    spends.set(spendName(spend), spend)
}

/** Lets go of what no window can need at an instant (ISO 8601). */
export function forgetOldSpends({ spends }: JournalState, at: string): void {
  const now = new Date(at)
  for (const [name, spend] of spends) if (isForgettable(spend, now)) spends.delete(name)
}

/** A spend as its line. */
export function spendEntry({ key, digest, mutez, feeMutez, at }: Spend): NewEntry {
  return { type: 'spend', at, key, digest, mutez: String(mutez), feeMutez: String(feeMutez) }
}

/** The lines that say all of `state` in a new segment. */
export function stateEntries(state: JournalState, why: 'seed' | 'snapshot'): readonly NewEntry[] {
  const marks = [...state.marks.values()].map(
    ({ chain, key, kind, level, round, digest, signature, raisedAt: at }): NewEntry => {
      const values = { digest: digest ?? null, signature: signature ?? null }
      return { type: 'mark', at, why, chain, key, kind, level, round, ...values }
    },
  )
  const quarantines = [...state.quarantines.values()].map(({ key, digest, since: at }): NewEntry => ({
    type: 'quarantine',
    at,
    key,
    digest,
  }))
  return [...marks, ...quarantines, ...[...state.spends.values()].map(spendEntry)]
}

type EntryOf<Type extends NewEntry['type']> = Extract<NewEntry, { readonly type: Type }>

function applyMark({ marks }: JournalState, entry: EntryOf<'mark'>): string | undefined {
  const { chain, key, kind, level, round, at: raisedAt } = entry
  const name = markName(entry)
  const before = marks.get(name)
  const isFirst = entry.why === 'seed' || entry.why === 'snapshot'
  const isEither = entry.why === 'shared'
  if (!isEither && isFirst !== (before === undefined))
    return `it ${isFirst ? 'sets' : 'raises'} ${name} out of turn`
  if (before !== undefined && comparePosition(entry, before) <= 0) return `it does not raise ${name}`
  const digest = entry.digest ?? undefined
  const signature = entry.signature ?? undefined
  marks.set(name, { chain, key, kind, level, round, digest, signature, raisedAt })
  return undefined
}

function applySignature({ marks }: JournalState, entry: EntryOf<'signature'>): string | undefined {
  const name = markName(entry)
  const mark = marks.get(name)
  if (mark === undefined || comparePosition(mark, entry) !== 0 || mark.digest !== entry.digest) {
    return `it holds a signature where ${name} has no such mark`
  }
  marks.set(name, { ...mark, signature: entry.signature })
  return undefined
}
