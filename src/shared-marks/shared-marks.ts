import { monotonicClock, type Clock } from '../clock.js'
import {
  decide,
  MarksJournal,
  markName,
  StateError,
  type ImportedMark,
  type ImportPlan,
  type LevelGap,
  type MarkRecord,
  type MarksJournalOptions,
  type MarkStore,
  type NonceUse,
  type Position,
  type Quarantine,
  type RaiseOutcome,
  type Spend,
  type SpendVerdict,
  type SpendWindow,
  type Verdict,
  type Wanted,
  type WantedSpend,
} from '../policy/index.js'
import type { PublicKeyHash } from '../tezos/index.js'
import { Background } from './background.js'
import { Follower } from './follower.js'
import type { MarksTable } from './marks-table.js'
import type { SharedMarksEvent } from './shared-marks-event.js'
import { OperatorsHand } from './operators-hand.js'
import { Trouble, type TableTrouble } from './trouble.js'
import { refuseOlder } from './went-back.js'

export type SharedMarksOptions = {
  /** This host's own journal: audit, and the floor below which the table is not believed. */
  readonly journal: MarksJournalOptions
  readonly table: MarksTable
  readonly clock?: Clock
  /** How often the table is read, in ms. */
  readonly refreshMs?: number
  readonly onEvent?: (event: SharedMarksEvent) => void
}

const REFRESH_MS = 1000
/** How many times as often a table is read that did not answer. */
const SOONER = 5
/** Marks that several hosts share in a table; each has its own journal beside it. Nothing is let through without both. */
export class SharedMarks implements MarkStore {
  readonly #journal: MarksJournal
  readonly #table: MarksTable
  readonly #trouble: Trouble
  readonly #follower: Follower
  readonly #background: Background
  readonly #hand: OperatorsHand
  /** By mark: the payload that this host's device may be about to sign. */
  readonly #inHand = new Map<string, string>()
  #maxLevelGap: LevelGap

  private constructor(options: SharedMarksOptions, journal: MarksJournal) {
    const { clock = monotonicClock, refreshMs = REFRESH_MS, onEvent = () => undefined, table } = options
    this.#journal = journal
    this.#table = table
    this.#maxLevelGap = options.journal.maxLevelGap
    this.#trouble = new Trouble(table.place, onEvent)
    this.#follower = new Follower(
      journal,
      table,
      this.#trouble,
      (mark) => mark.digest !== undefined && this.#inHand.get(markName(mark)) === mark.digest,
    )
    this.#background = new Background(
      clock,
      () => this.#pauseMs(refreshMs),
      () => this.#follower.refresh(),
    )
    const parts = { journal, table, trouble: this.#trouble, follower: this.#follower }
    this.#hand = new OperatorsHand({ ...parts, refresh: () => this.refresh() })
  }

  /**
   * Takes the journal's directory and reads the table. Without an answer of the table it opens all the same, and refuses
   * everything until there is one. Rejects with a StateError for the journal, and with `marks-schema`.
   */
  static async open(options: SharedMarksOptions): Promise<SharedMarks> {
    const journal = MarksJournal.open(options.journal)
    const marks = new SharedMarks(options, journal)
    await marks.#background.run()
    if (marks.trouble()?.code === 'marks-schema') {
      await marks.close()
      throw new StateError('marks-schema', marks.trouble()?.message ?? '')
    }
    return marks
  }

  /** What is wrong with the table, for readiness; `undefined` while its last answer counted. */
  trouble(): TableTrouble | undefined {
    return this.#trouble.now
  }

  check(): void {
    this.#journal.check()
    this.#trouble.check()
  }

  /**
   * From memory: what the others let through since the last reading is not in it. So it says nothing of how far the level
   * jumps: a host that was away for long knows only marks that are too far below.
   */
  peek(wanted: Wanted): Verdict {
    return decide(wanted, this.#floor(wanted), 'off')
  }

  /**
   * First the journal, which denies what this host knows to be wrong, then the table, which decides among the hosts.
   * `advance` is said only when this call raised the table's mark and the journal has it too.
   */
  async reserve(wanted: Wanted): Promise<Verdict> {
    this.#journal.check()
    this.#trouble.refuseOlder()
    const floor = this.#floor(wanted)
    const here = decide(wanted, floor, 'off') // how far the level may jump is judged by the table's mark
    if (floor === undefined || here.verdict === 'deny') return here
    if (here.verdict === 'repeat' && here.signature !== undefined) return here
    this.#inHand.set(markName(wanted), wanted.digest)
    const { raised, stands } = await this.#trouble.ask(() =>
      this.#table.raise(wanted, floor, this.#maxLevelGap),
    )
    if (!raised)
      this.#trouble.watch(() => {
        refuseOlder(floor, stands, this.#table.place)
      })
    const { chain, key, kind } = wanted
    if (stands !== undefined)
      this.#journal.follow({ chain, key, kind, ...stands }, raised ? 'request' : 'shared')
    const verdict = decide(wanted, stands, this.#maxLevelGap)
    if (raised && stands !== undefined) return { verdict: 'advance', from: floor, to: stands }
    if (verdict.verdict !== 'advance') return verdict
    const text = `the table ${this.#table.place} left the mark of ${markName(wanted)} as it was, and gave no reason`
    throw new StateError('marks-unavailable', text)
  }

  /** In the journal at once; in the table when it comes to it: losing it there costs another host a second signature. */
  keepSignature(wanted: Wanted, signature: string): void {
    this.#journal.keepSignature(wanted, signature)
    this.#inHand.delete(markName(wanted))
    this.#background.tell(() => this.#table.keepSignature(wanted, signature))
  }

  peekSpend(wanted: WantedSpend, windows: readonly SpendWindow[]): SpendVerdict {
    return this.#journal.peekSpend(wanted, windows)
  }

  async reserveSpend(wanted: WantedSpend, windows: readonly SpendWindow[]): Promise<SpendVerdict> {
    this.#journal.check()
    this.#trouble.refuseOlder()
    return this.#trouble.ask(() => this.#table.reserveSpend(wanted, windows))
  }

  spends(): readonly Spend[] {
    return this.#journal.spends()
  }

  marks(): readonly MarkRecord[] {
    return this.#journal.marks()
  }

  /** Holds on this host from the call on. The table is told until it knows. */
  async quarantine(key: PublicKeyHash, digest: string): Promise<void> {
    try {
      this.#journal.quarantine(key, digest)
    } finally {
      await this.#trouble.ask(() => this.#follower.tellQuarantine(key, digest))
    }
  }

  quarantines(): readonly Quarantine[] {
    return this.#journal.quarantines()
  }

  nonces(): readonly NonceUse[] {
    return this.#journal.nonces()
  }

  /** Lets a key sign again, on all hosts; whether it was in quarantine. */
  clearQuarantine(key: PublicKeyHash): Promise<boolean> {
    return this.#hand.clearQuarantine(key)
  }

  /** Raises a mark by hand, for all hosts. It never lowers one and never sets a first one. */
  raise(position: Position): Promise<RaiseOutcome> {
    return this.#hand.raise(position)
  }

  /**
   * Sets the first mark of places that the table does not have, and takes over those that it has; tells which were new in
   * the table. Where this host's journal knows a higher mark, that is set.
   */
  seed(seeds: readonly Position[]): Promise<readonly Position[]> {
    return this.#hand.seed(seeds)
  }

  /** Puts another limit in force, from the next decision on. */
  limitLevelGap(maxLevelGap: LevelGap): void {
    this.#maxLevelGap = maxLevelGap
    this.#journal.limitLevelGap(maxLevelGap)
  }

  /** What `import` would do, as far as this host knows. */
  planImport(imported: readonly ImportedMark[]): ImportPlan {
    return this.#journal.planImport(imported)
  }

  /**
   * Raises marks to those of another signer, for all hosts, one after the other, and takes over keys in quarantine and
   * what was spent, which counts from now on. It never lowers a mark and never sets a first one. After a failure some are
   * raised; it can be called again.
   */
  import(
    imported: readonly ImportedMark[],
    quarantines: readonly Quarantine[],
    spends: readonly Spend[] = [],
  ): Promise<ImportPlan> {
    return this.#hand.import(imported, quarantines, spends)
  }

  /** Reads the table now, and lets the journal follow. Never rejects: what went wrong is the trouble. */
  refresh(): Promise<void> {
    return this.#background.run()
  }

  /** Ends the reading, gives the directory back and lets go of the table. */
  async close(): Promise<void> {
    await this.#background.close()
    try {
      this.#journal.close()
    } finally {
      await this.#table.close()
    }
  }

  /** While the table is gone it is looked for more often: nothing is signed until it was read. */
  #pauseMs(refreshMs: number): number {
    return this.trouble() === undefined ? refreshMs : refreshMs / SOONER
  }

  #floor(place: Position): MarkRecord | undefined {
    const name = markName(place)
    return this.#journal.marks().find((mark) => markName(mark) === name)
  }
}
