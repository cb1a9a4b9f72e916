import {
  comparePosition,
  decide,
  decideSpend,
  markName,
  type Mark,
  type MarkRecord,
  type Position,
  type Quarantine,
  type Spend,
  type Wanted,
} from '../../../src/policy/index.js'
import type { MarksTable } from '../../../src/shared-marks/index.js'

/** A table that all hosts of a test share; nothing of it survives. `down` is thrown by everything while it is set. */
export class MemoryTable {
  readonly marks = new Map<string, MarkRecord>()
  readonly quarantines = new Map<string, Quarantine>()
  readonly spends = new Map<string, Spend>()
  now = () => new Date()
  down: Error | undefined
  /** How often it was read. */
  reads = 0

  /** What a host has of it. */
  handle(): MarksTable {
    const touch = async <Value>(work: () => Value): Promise<Value> => {
      await Promise.resolve()
      if (this.down !== undefined) throw this.down
      return work()
    }
    return {
      place: 'memory',
      check: () => touch(() => undefined),
      close: () => Promise.resolve(),
      read: () =>
        touch(() => {
          this.reads += 1
          return {
            marks: [...this.marks.values()],
            quarantines: [...this.quarantines.values()],
            spends: [...this.spends.values()],
          }
        }),
      raise: (wanted, floor, gap) =>
        touch(() => {
          const before = this.marks.get(markName(wanted))
          const isBelow = before !== undefined && floor !== undefined && comparePosition(before, floor) < 0
          const raised = !isBelow && decide(wanted, before, gap).verdict === 'advance'
          if (raised) this.#set(wanted, { digest: wanted.digest, signature: undefined })
          return { raised, stands: this.#stands(wanted) }
        }),
      keepSignature: (wanted, signature) =>
        touch(() => {
          const here = this.marks.get(markName(wanted))
          if (here === undefined || comparePosition(here, wanted) !== 0 || here.digest !== wanted.digest)
            return
          this.marks.set(markName(wanted), { ...here, signature: here.signature ?? signature })
        }),
      seed: (seeds) =>
        touch(() => {
          const fresh = seeds.filter((seed) => !this.marks.has(markName(seed)))
          for (const seed of fresh) this.#set(seed, { digest: undefined, signature: undefined })
          return fresh
        }),
      raiseByHand: (position) =>
        touch(() => {
          const mark = this.marks.get(markName(position))
          if (mark === undefined) return { outcome: 'refused', reason: 'no-mark', mark }
          if (comparePosition(position, mark) <= 0) return { outcome: 'refused', reason: 'not-higher', mark }
          this.#set(position, { digest: undefined, signature: undefined })
          return { outcome: 'raised', from: mark }
        }),
      raiseTo: (mark) =>
        touch(() => {
          const before = this.marks.get(markName(mark))
          const isHigher = before !== undefined && comparePosition(mark, before) > 0
          if (isHigher) this.#set(mark, mark)
          return isHigher
        }),
      quarantine: (key, digest) =>
        touch(() => {
          if (!this.quarantines.has(key)) {
            this.quarantines.set(key, { key, digest, since: this.now().toISOString() })
          }
        }),
      clearQuarantine: (key) => touch(() => this.quarantines.delete(key)),
      reserveSpend: (wanted, windows) =>
        touch(() => {
          const verdict = decideSpend(wanted, windows, [...this.spends.values()], this.now())
          const { key, digest, mutez, feeMutez } = wanted
          const at = this.now().toISOString()
          if (verdict.verdict === 'reserve') {
            this.spends.set(`${key}/${digest}`, { key, digest, mutez, feeMutez, at })
          }
          return verdict
        }),
    }
  }

  #stands(wanted: Wanted): Mark | undefined {
    const here = this.marks.get(markName(wanted))
    if (here === undefined) return undefined
    const { level, round, digest, signature } = here
    return { level, round, digest, signature }
  }

  #set(
    { chain, key, kind, level, round }: Position,
    { digest, signature }: Pick<Mark, 'digest' | 'signature'>,
  ): void {
    const raisedAt = this.now().toISOString()
    this.marks.set(markName({ chain, key, kind }), {
      chain,
      key,
      kind,
      level,
      round,
      digest,
      signature,
      raisedAt,
    })
  }
}
