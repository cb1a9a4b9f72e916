import { mkdirSync } from 'node:fs'
import type { PublicKeyHash } from '../tezos/index.js'
import { decide, type LevelGap, type Verdict } from './decide.js'
import { followLine } from './follow-line.js'
import { importEntries, planImport, type ImportedMark, type ImportPlan } from './imported-mark.js'
import { createJournal, readJournal, refuseExistingJournal } from './journal-file.js'
import { spendEntry, type JournalState, type Quarantine } from './journal-state.js'
import { comparePosition, markName, type Mark, type MarkRecord, type Wanted } from './mark.js'
import type { NewEntry } from './marks-entry.js'
import { marksPlace } from './marks-form.js'
import type { MarksJournalOptions } from './marks-journal-options.js'
import type { MarkStore, Position, RaiseOutcome } from './mark-store.js'
import { nonceOf, type NonceUse } from './nonce-watch.js'
import { firstOfEach, seededState, type Seed } from './seeds.js'
import {
  decideSpend,
  spendName,
  type Spend,
  type SpendVerdict,
  type SpendWindow,
  type WantedSpend,
} from './spend.js'
import { SoundJournal } from './sound-journal.js'
import { systemFiles, type StateFiles } from './state-files.js'
import { lockState, type StateLock } from './state-lock.js'

const SEGMENT_BYTES = 16 * 1024 * 1024

/** Marks in an append-only journal on this host. One process owns it. It never lowers a mark, whatever the file says. */
export class MarksJournal implements MarkStore {
  #maxLevelGap: LevelGap
  readonly #wallClock: () => Date
  readonly #lock: StateLock
  readonly #journal: SoundJournal<NewEntry, JournalState>
  readonly #nonces: NonceUse[] = []
  #isClosed = false

  private constructor(options: MarksJournalOptions, lock: StateLock) {
    this.#maxLevelGap = options.maxLevelGap
    this.#wallClock = options.wallClock ?? (() => new Date())
    this.#lock = lock
    const onEvent = options.onEvent ?? (() => undefined)
    this.#journal = new SoundJournal({
      ...marksPlace(options),
      segmentBytes: options.segmentBytes ?? SEGMENT_BYTES,
      snapshots: 0,
      now: () => this.#now(),
      onEvent: (event) => {
        onEvent(
          event.event === 'journal.rolled' ? { ...event, marks: this.#journal.state.marks.size } : event,
        )
      },
      onLine: (entry) => {
        const nonce = nonceOf(entry)
        if (nonce !== undefined) this.#nonces.push(nonce)
      },
    })
  }

  /** Makes the state directory with its first marks. Throws `state-exists` where there is a journal already. */
  static create(options: MarksJournalOptions, seeds: readonly Seed[]): void {
    mkdirSync(options.directory, { recursive: true, mode: 0o700 })
    const lock = lockState(options.directory)
    try {
      const at = (options.wallClock?.() ?? new Date()).toISOString()
      createJournal(marksPlace(options), seededState(seeds, at), at)
    } finally {
      lock.release()
    }
  }

  /** Throws `state-exists` where there is a journal already. */
  static refuseExisting(options: MarksJournalOptions): void {
    refuseExistingJournal(marksPlace(options))
  }

  /** Takes the directory and reads its journal. Throws a StateError; nothing is guessed. */
  static open(options: MarksJournalOptions): MarksJournal {
    const lock = lockState(options.directory)
    try {
      return new MarksJournal(options, lock)
    } catch (error) {
      lock.release()
      throw error
    }
  }

  /** What a directory's journal says that somebody else may own, as far as it is whole. Throws a StateError. */
  static read(directory: string, files: StateFiles = systemFiles): JournalState {
    return readJournal(marksPlace({ directory, files })).state
  }

  marks(): readonly MarkRecord[] {
    return [...this.#journal.state.marks.values()]
  }

  quarantines(): readonly Quarantine[] {
    return [...this.#journal.state.quarantines.values()]
  }

  nonces(): readonly NonceUse[] {
    return this.#nonces
  }

  check(): void {
    this.#journal.check()
  }

  peek(wanted: Wanted): Verdict {
    return decide(wanted, this.#journal.state.marks.get(markName(wanted)), this.#maxLevelGap)
  }

  reserve(wanted: Wanted): Verdict {
    this.#journal.check()
    const verdict = this.peek(wanted)
    if (verdict.verdict === 'advance') this.#raise(wanted, verdict.to, 'request')
    return verdict
  }

  keepSignature(wanted: Wanted, signature: string): void {
    const { chain, key, kind, level, round, digest } = wanted
    const place = { chain, key, kind, level, round, digest }
    this.#journal.note({ type: 'signature', at: this.#now(), ...place, signature }, 'lazy')
  }

  spends(): readonly Spend[] {
    return [...this.#journal.state.spends.values()]
  }

  peekSpend(wanted: WantedSpend, windows: readonly SpendWindow[]): SpendVerdict {
    return decideSpend(wanted, windows, this.spends(), this.#wallClock())
  }

  reserveSpend(wanted: WantedSpend, windows: readonly SpendWindow[]): SpendVerdict {
    this.#journal.check()
    const now = this.#wallClock()
    const verdict = decideSpend(wanted, windows, this.spends(), now)
    if (verdict.verdict === 'reserve') {
      this.#journal.commit(spendEntry({ ...wanted, at: now.toISOString() }))
      this.#journal.rollWhenFull()
    }
    return verdict
  }

  quarantine(key: PublicKeyHash, digest: string): void {
    this.#journal.note({ type: 'quarantine', at: this.#now(), key, digest }, 'durable')
  }

  /** Lets a key sign again; whether it was in quarantine. */
  clearQuarantine(key: PublicKeyHash): boolean {
    this.#journal.check()
    if (!this.#journal.state.quarantines.has(key)) return false
    this.#journal.commit({ type: 'quarantine-cleared', at: this.#now(), key })
    return true
  }

  /** Raises a mark by hand. It never lowers one and never sets a first one. */
  raise(position: Position): RaiseOutcome {
    this.#journal.check()
    const mark = this.#journal.state.marks.get(markName(position))
    if (mark === undefined) return { outcome: 'refused', reason: 'no-mark', mark }
    if (comparePosition(position, mark) <= 0) return { outcome: 'refused', reason: 'not-higher', mark }
    this.#raise(position, { ...position, digest: undefined }, 'operator')
    return { outcome: 'raised', from: mark }
  }

  /** Sets the first mark of keys, chains or kinds that have none; tells which were new. */
  seed(seeds: readonly Position[]): readonly Position[] {
    this.#journal.check()
    const fresh = firstOfEach(seeds).filter((seed) => !this.#journal.state.marks.has(markName(seed)))
    for (const seed of fresh) this.#raise(seed, { ...seed, digest: undefined }, 'seed')
    return fresh
  }

  /**
   * Takes over, durably, what a table of several hosts says of a mark, where that is higher than what is known here or
   * tells the signature of the same payload; what is lower changes nothing. `request` where this host raised it.
   */
  follow(mark: Position & Pick<Mark, 'digest' | 'signature'>, why: 'request' | 'shared'): void {
    const line = followLine(mark, this.#journal.state.marks.get(markName(mark)), why, this.#now())
    if (line?.type === 'signature') this.#journal.note(line, 'lazy')
    if (line?.type !== 'mark') return
    this.#journal.commit(line)
    this.#journal.rollWhenFull()
  }

  /** Takes over, durably, what another host let through, where that is later than what is known here. */
  followSpend(spend: Spend): void {
    const here = this.#journal.state.spends.get(spendName(spend))
    if (here !== undefined && Date.parse(spend.at) <= Date.parse(here.at)) return
    this.#journal.commit(spendEntry(spend))
    this.#journal.rollWhenFull()
  }

  /** Puts another limit in force, from the next decision on. */
  limitLevelGap(maxLevelGap: LevelGap): void {
    this.#maxLevelGap = maxLevelGap
  }

  /** What `import` would do. */
  planImport(imported: readonly ImportedMark[]): ImportPlan {
    return planImport(this.#journal.state.marks, imported)
  }

  /**
   * Raises marks to those of another signer, all of them or, when anything fails, none, and takes over keys in
   * quarantine and what was spent. It never lowers a mark and never sets a first one.
   */
  import(
    imported: readonly ImportedMark[],
    quarantines: readonly Quarantine[],
    spends: readonly Spend[] = [],
  ): ImportPlan {
    this.#journal.check()
    const plan = this.planImport(imported)
    const entries = importEntries(this.#journal.state, { plan, quarantines, spends }, this.#now())
    if (entries.length > 0) this.#journal.commitAll(entries)
    return plan
  }

  /** Ends this journal, durably: nothing is ever signed with it again. */
  bury(): void {
    this.#journal.commit({ type: 'tombstone', at: this.#now() })
    this.close()
  }

  /** Gives the directory back. Nothing is let through any more. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    try {
      this.#journal.close()
    } finally {
      this.#lock.release()
    }
  }

  #raise(
    { chain, key, kind }: Position,
    { level, round, digest }: Pick<Mark, 'level' | 'round' | 'digest'>,
    why: 'request' | 'operator' | 'seed',
  ): void {
    const values = { digest: digest ?? null, signature: null }
    this.#journal.commit({ type: 'mark', at: this.#now(), why, chain, key, kind, level, round, ...values })
  }

  #now(): string {
    return this.#wallClock().toISOString()
  }
}
