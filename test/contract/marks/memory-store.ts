import {
  comparePosition,
  decide,
  decideSpend,
  markName,
  type LevelGap,
  type MarkRecord,
  type Position,
  type Quarantine,
  type Spend,
} from '../../../src/policy/index.js'
import type { HostStore, StoreWish } from './factory.js'

const AT = '2026-01-02T03:04:05.678Z'

/** The least store there is: the rule over a map, for tests of what uses a store. It survives nothing. */
export function memoryStore({ seeds, maxLevelGap }: StoreWish): HostStore {
  const marks = new Map<string, MarkRecord>()
  const quarantines = new Map<string, Quarantine>()
  const spends = new Map<string, Spend>()
  let gap: LevelGap = maxLevelGap
  const set = ({ chain, key, kind, level, round }: Position, digest?: string, signature?: string) => {
    const record = { chain, key, kind, level, round, digest, signature, raisedAt: AT }
    marks.set(markName(record), record)
  }
  const seed = (positions: readonly Position[]) => {
    const fresh = positions.filter((position) => !marks.has(markName(position)))
    for (const position of fresh) set(position)
    return fresh
  }
  const store: HostStore = {
    check: () => undefined,
    refresh: () => undefined,
    peek: (wanted) => decide(wanted, marks.get(markName(wanted)), gap),
    reserve: (wanted) => {
      const verdict = decide(wanted, marks.get(markName(wanted)), gap)
      if (verdict.verdict === 'advance') set(wanted, wanted.digest)
      return verdict
    },
    keepSignature: (wanted, signature) => {
      const here = marks.get(markName(wanted))
      if (here === undefined || comparePosition(here, wanted) !== 0 || here.digest !== wanted.digest) return
      set(wanted, wanted.digest, signature)
    },
    peekSpend: (wanted, windows) => decideSpend(wanted, windows, [...spends.values()], new Date()),
    reserveSpend: (wanted, windows) => {
      const verdict = decideSpend(wanted, windows, [...spends.values()], new Date())
      const spend = { ...wanted, at: new Date().toISOString() }
      if (verdict.verdict === 'reserve') spends.set(`${wanted.key}/${wanted.digest}`, spend)
      return verdict
    },
    spends: () => [...spends.values()],
    marks: () => [...marks.values()],
    quarantine: (key, digest) => void quarantines.set(key, { key, digest, since: AT }),
    quarantines: () => [...quarantines.values()],
    clearQuarantine: (key) => quarantines.delete(key),
    nonces: () => [],
    limitLevelGap: (limit) => void (gap = limit),
    seed,
    raise: (position) => {
      const mark = marks.get(markName(position))
      if (mark === undefined) return { outcome: 'refused', reason: 'no-mark', mark }
      if (comparePosition(position, mark) <= 0) return { outcome: 'refused', reason: 'not-higher', mark }
      set(position)
      return { outcome: 'raised', from: mark }
    },
    import: (imported) => {
      const isHigher = (mark: Position) => {
        const here = marks.get(markName(mark))
        return here !== undefined && comparePosition(mark, here) > 0
      }
      const unknown = imported.filter((mark) => !marks.has(markName(mark)))
      const raised = imported.filter(isHigher)
      const left = imported.filter((mark) => !unknown.includes(mark) && !raised.includes(mark))
      for (const mark of raised) set(mark, mark.digest)
      return { raised, left, unknown }
    },
  }
  seed(seeds)
  return store
}
