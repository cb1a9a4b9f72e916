import {
  decide,
  markName,
  type ImportedMark,
  type ImportPlan,
  type MarkRecord,
  type MarksJournal,
  type Position,
  type Quarantine,
  type RaiseOutcome,
  type Spend,
  type SpendWindow,
} from '../policy/index.js'
import type { PublicKeyHash } from '../tezos/index.js'
import type { Follower } from './follower.js'
import type { MarksTable } from './marks-table.js'
import { notBelow } from './not-below.js'
import type { Trouble } from './trouble.js'

/** A window without a limit that keeps what it is asked for as long as any window may need it. */
const EVERYTHING: SpendWindow = { hours: 744, maxMutez: Number.MAX_SAFE_INTEGER, maxFeeMutez: undefined }

export type OperatorsHandOptions = {
  readonly journal: MarksJournal
  readonly table: MarksTable
  readonly trouble: Trouble
  readonly follower: Follower
  /** Reads the table, and lets the journal follow. */
  readonly refresh: () => Promise<void>
}

/** What operators change by hand in marks that hosts share: in the table, and the journal follows. */
export class OperatorsHand {
  readonly #options: OperatorsHandOptions

  constructor(options: OperatorsHandOptions) {
    this.#options = options
  }

  async clearQuarantine(key: PublicKeyHash): Promise<boolean> {
    const { journal, trouble, follower } = this.#options
    journal.check()
    const wasShared = await trouble.ask(() => follower.clearQuarantine(key))
    return journal.clearQuarantine(key) || wasShared
  }

  async raise(position: Position): Promise<RaiseOutcome> {
    const { journal, table, trouble, refresh } = this.#options
    journal.check()
    const here = this.#known(position)
    const order = here && decide({ ...position, digest: '' }, here, 'off')
    if (order !== undefined && order.verdict !== 'advance') {
      return { outcome: 'refused', reason: 'not-higher', mark: here }
    }
    const outcome = await trouble.ask(() => table.raiseByHand(position))
    if (outcome.outcome === 'raised') {
      journal.follow({ ...position, digest: undefined, signature: undefined }, 'shared')
    }
    await refresh()
    return outcome
  }

  async seed(seeds: readonly Position[]): Promise<readonly Position[]> {
    const { journal, table, trouble, refresh } = this.#options
    journal.check()
    const safe = seeds.map((seed) => notBelow(seed, this.#known(seed)))
    const fresh = await trouble.ask(() => table.seed(safe))
    await refresh()
    return fresh
  }

  async import(
    imported: readonly ImportedMark[],
    quarantines: readonly Quarantine[],
    spends: readonly Spend[],
  ): Promise<ImportPlan> {
    const { journal, table, trouble, follower, refresh } = this.#options
    journal.check()
    await refresh()
    trouble.check()
    const plan = journal.planImport(imported)
    await trouble.ask(async () => {
      for (const mark of plan.raised) await table.raiseTo({ ...mark, signature: undefined })
      for (const { key, digest } of quarantines) await follower.tellQuarantine(key, digest)
      for (const spend of spends) await table.reserveSpend(spend, [EVERYTHING])
    })
    await refresh()
    trouble.check()
    return plan
  }

  #known(place: Position): MarkRecord | undefined {
    const name = markName(place)
    return this.#options.journal.marks().find((mark) => markName(mark) === name)
  }
}
