import { seededNumbers } from '../../hw-sim/scenario/seeded-chance.js'

/** What is done at one place of a level. */
export type PlannedPlace = {
  readonly round: number
  /** `repeat`: the same again; `conflict`: another payload afterwards; `race`: another one at the same time. */
  readonly attack: 'none' | 'repeat' | 'conflict' | 'race'
}

/** The plug is pulled, so many turns of the event loop after the level began, for so many levels. */
export type PlannedUnplug = { readonly afterTurns: number; readonly levels: number }

/** What is done at one level: the places are those of the block, the preattestation and the attestation. */
export type PlannedLevel = {
  readonly places: readonly PlannedPlace[]
  readonly unplug: PlannedUnplug | undefined
}

const PLACES = 3
const MOST_TURNS = 40
const MOST_LEVELS_AWAY = 5
const ATTACKS = ['repeat', 'conflict', 'race', 'none', 'none', 'none', 'none'] as const

/** The plan of the `index`th level of a seed. In every `unplugEvery` levels one has an unplug. */
export function planLevel(seed: number, index: number, unplugEvery: number): PlannedLevel {
  const next = seededNumbers(seed + Math.imul(index, 0x9e3779b1))
  const below = (limit: number) => Math.floor(next() * limit)
  const places = Array.from({ length: PLACES }, () => ({
    round: below(10) === 0 ? 1 : 0,
    attack: ATTACKS[below(ATTACKS.length)] ?? 'none',
  }))
  const unplug = { afterTurns: below(MOST_TURNS), levels: 1 + below(MOST_LEVELS_AWAY) }
  return {
    places,
    unplug: index % unplugEvery === unplugIndex(seed, index, unplugEvery) ? unplug : undefined,
  }
}

/** Which of the `unplugEvery` levels around a level has the unplug; not one of the last, so that two never meet. */
function unplugIndex(seed: number, index: number, unplugEvery: number): number {
  const next = seededNumbers(seed ^ Math.floor(index / unplugEvery))
  return Math.floor(next() * (unplugEvery - MOST_LEVELS_AWAY - 1))
}
