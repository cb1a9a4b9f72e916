import { markName, type MarkRecord, type MarksJournal } from '../policy/index.js'
import type { PublicKeyHash } from '../tezos/index.js'
import type { MarksTable, TableContents } from './marks-table.js'
import type { Trouble } from './trouble.js'
import { refuseOlder } from './went-back.js'

/** Lets this host's journal follow what the table says, and tells the table of keys in quarantine until it knows. */
export class Follower {
  readonly #journal: MarksJournal
  readonly #table: MarksTable
  readonly #trouble: Trouble
  readonly #isInHand: (mark: MarkRecord) => boolean
  /** Quarantines that the table was seen to have: one that is missing there later was lifted on another host. */
  readonly #shared = new Set<PublicKeyHash>()
  /** Counts what this host did about quarantines: a reading that was under way meanwhile says nothing of them. */
  #changes = 0

  /** `isInHand`: whether this host's own device may be about to sign what a mark stands for. */
  constructor(
    journal: MarksJournal,
    table: MarksTable,
    trouble: Trouble,
    isInHand: (mark: MarkRecord) => boolean,
  ) {
    this.#journal = journal
    this.#table = table
    this.#trouble = trouble
    this.#isInHand = isInHand
  }

  /** Reads the table once. Never rejects: what went wrong is the trouble. */
  async refresh(): Promise<void> {
    try {
      const known = this.#journal.marks()
      const changes = this.#changes
      const contents = await this.#table.read()
      this.#trouble.answered()
      this.#followMarks(known, contents)
      for (const spend of contents.spends) this.#journal.followSpend(spend)
      if (changes === this.#changes) await this.#followQuarantines(contents)
    } catch (error) {
      this.#trouble.failed(error)
    }
  }

  /** Tells the table of a key that this host took out of use. */
  async tellQuarantine(key: PublicKeyHash, digest: string): Promise<void> {
    this.#changes += 1
    await this.#table.quarantine(key, digest)
    this.#changes += 1
    this.#shared.add(key)
  }

  /** Lets a key sign again, in the table. */
  async clearQuarantine(key: PublicKeyHash): Promise<boolean> {
    this.#changes += 1
    const wasThere = await this.#table.clearQuarantine(key)
    this.#changes += 1
    this.#shared.delete(key)
    return wasThere
  }

  /** `known`: what this host knew before the reading began; what it raised since then may not be in it. */
  #followMarks(known: ReturnType<MarksJournal['marks']>, { marks }: TableContents): void {
    const there = new Map(marks.map((mark) => [markName(mark), mark]))
    for (const mark of known) refuseOlder(mark, there.get(markName(mark)), this.#table.place)
    this.#trouble.isSound()
    // Another host's signature, told while this host makes its own, would be the answer until then, and never again.
    for (const mark of marks)
      this.#journal.follow(this.#isInHand(mark) ? { ...mark, signature: undefined } : mark, 'shared')
  }

  async #followQuarantines({ quarantines }: TableContents): Promise<void> {
    const there = new Set(quarantines.map(({ key }) => key))
    this.#journal.import([], quarantines)
    for (const { key, digest } of this.#journal.quarantines()) {
      if (there.has(key)) this.#shared.add(key)
      else if (this.#shared.delete(key)) this.#journal.clearQuarantine(key)
      else await this.tellQuarantine(key, digest)
    }
  }
}
