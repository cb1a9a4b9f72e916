import { markName, type MarkKey } from '../../src/policy/index.js'
import type { Model } from './model.js'
import { MARKED, VARIANTS, type Asked } from './place.js'

/** A request as it is drawn; what it is for depends on what was asked before. */
export type Pick =
  /** Any place at all. */
  | {
      readonly pick: 'any'
      readonly mark: MarkKey
      readonly level: number
      readonly round: number
      readonly variant: number
    }
  /** A place above the mark, as a baker asks for it. */
  | {
      readonly pick: 'next'
      readonly mark: MarkKey
      readonly up: number
      readonly round: number
      readonly variant: number
    }
  /** What was asked for before, again; `which` counts back from the last one. */
  | { readonly pick: 'same'; readonly which: number }
  /** Another payload for a place that was asked for before. */
  | { readonly pick: 'conflicting'; readonly which: number; readonly by: number }

/** What is asked for in one moment; later picks may mean earlier ones. The model notes it. */
export function resolve(picks: readonly Pick[], model: Model): readonly Asked[] {
  for (const pick of picks) model.asked.push(resolveOne(pick, model))
  return model.asked.slice(-picks.length)
}

function resolveOne(pick: Pick, { asked, marks }: Model): Asked {
  switch (pick.pick) {
    case 'any': {
      const { mark, level, round, variant } = pick
      return { place: { ...mark, level, round }, variant }
    }
    case 'next': {
      const { mark, up, round, variant } = pick
      const level = (marks.get(markName(mark))?.place.level ?? 0) + up
      return { place: { ...mark, level, round }, variant }
    }
    case 'same':
      return before(pick.which, asked)
    case 'conflicting': {
      const other = before(pick.which, asked)
      return { ...other, variant: (other.variant + pick.by) % VARIANTS }
    }
  }
}

function before(which: number, asked: readonly Asked[]): Asked {
  const first = { place: { ...MARKED[0]!, level: 1, round: 0 }, variant: 0 }
  return asked.at(-1 - Math.min(which, asked.length - 1)) ?? first
}
