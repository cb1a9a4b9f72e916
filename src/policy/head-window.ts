import { refuse, type Refusal } from './refusal.js'

/** How many levels a payload may stand above and below the chain's head. */
export type HeadWindow = { readonly maxAhead: number; readonly maxBehind: number }

/** A head as a node told it. `askedAt` is an instant of the clock, in ms. */
export type KnownHead = { readonly level: number; readonly askedAt: number }

/** No Tezos chain makes levels faster: it bounds how far a head has grown since it was told. */
export const MIN_LEVEL_MS = 1000

/** `perhaps-behind`: within the window of the head as it was told, but the head may have left the level behind since. */
export type Standing = 'within' | 'ahead' | 'behind' | 'perhaps-behind'

/**
 * Where a level stands. Heads only grow, so what was not too far ahead of a head never will be, and what was too far
 * behind one stays so. What was not too far behind is only known to be so for as long as the head cannot have outrun it.
 */
export function standingOf(level: number, head: KnownHead, window: HeadWindow, now: number): Standing {
  if (level > head.level + window.maxAhead) return 'ahead'
  if (level < head.level - window.maxBehind) return 'behind'
  const growth = Math.ceil((now - head.askedAt) / MIN_LEVEL_MS)
  return level < head.level + growth - window.maxBehind ? 'perhaps-behind' : 'within'
}

/** The refusal of a level outside the window, in words. */
export function windowRefusal(
  standing: 'ahead' | 'behind',
  level: number,
  head: number,
  { maxAhead, maxBehind }: HeadWindow,
): Refusal {
  const text =
    standing === 'ahead'
      ? `level ${level} is more than ${maxAhead} above the node's head ${head} (head_check.max_ahead); see whether that node is synchronised`
      : `level ${level} is more than ${maxBehind} below the node's head ${head} (head_check.max_behind); it is too late for it: see whether the client's node is synchronised`
  return refuse('level-gap', text)
}
