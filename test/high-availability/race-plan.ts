import { seededNumbers } from '../../hw-sim/scenario/seeded-chance.js'
import { MARK_KINDS, type MarkKind } from '../../src/tezos/index.js'

/** Which of the two hosts. */
export type HostIndex = 0 | 1

/**
 * How a client asks: `both` hosts at once and waits for both answers; `hasty` is the same, but goes on with the first
 * signature while the other request is still on its way; `turns` asks one host after the other.
 */
export type Manner = 'both' | 'hasty' | 'turns'

/** One place and who wants it. */
export type PlannedPlace = {
  readonly kind: MarkKind
  readonly round: number
  readonly manner: Manner
  readonly first: HostIndex
  /** Another client wants another payload: at the same time, or once the first one is served. */
  readonly rival: 'none' | 'race' | 'after'
  /** Whether the same payload is asked for once more, at both hosts. */
  readonly repeats: boolean
}

/** What is broken, so many turns of the event loop after the level began. */
export type Disturbance = {
  readonly what: 'daemon' | 'board' | 'sessions' | 'database'
  readonly host: HostIndex
  readonly afterTurns: number
}

/** One level: the places of a kind in their order, the kinds side by side. */
export type PlannedLevel = {
  readonly places: readonly (readonly PlannedPlace[])[]
  readonly disturbances: readonly Disturbance[]
}

/** One of each in so many levels. */
export type Odds = Readonly<Record<Disturbance['what'], number>>

const MOST_TURNS = 60
const MANNERS: readonly Manner[] = ['both', 'both', 'hasty', 'hasty', 'turns']
const RIVALS: readonly PlannedPlace['rival'][] = ['none', 'none', 'race', 'race', 'after']
const DISTURBED: readonly Disturbance['what'][] = ['daemon', 'board', 'sessions', 'database']

/** The plan of the `index`th level of a seed; it depends on nothing else. */
export function planLevel(seed: number, index: number, odds: Odds): PlannedLevel {
  const next = seededNumbers(seed + Math.imul(index, 0x9e3779b1))
  const below = (limit: number) => Math.floor(next() * limit)
  const pick = <Value>(from: readonly Value[]): Value => from[below(from.length)]!
  const host = (): HostIndex => (below(2) === 0 ? 0 : 1)
  const places = MARK_KINDS.map((kind) => {
    const rounds = below(4) === 0 ? [0, 1 + below(3)] : [0]
    return rounds.map((round) => ({
      ...{ kind, round, manner: pick(MANNERS), first: host() },
      ...{ rival: pick(RIVALS), repeats: below(4) === 0 },
    }))
  })
  const disturbances = DISTURBED.filter((what) => below(odds[what]) === 0).map((what) => ({
    ...{ what, host: host(), afterTurns: below(MOST_TURNS) },
  }))
  return { places, disturbances }
}
