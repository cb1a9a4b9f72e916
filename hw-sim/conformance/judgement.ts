/** What one check found. */
export type Judgement =
  | { readonly verdict: 'passed' }
  | { readonly verdict: 'failed'; readonly problems: readonly string[] }
  /** Could not, or must not, be judged: why. */
  | { readonly verdict: 'left-out'; readonly reason: string }

/** Passed when nothing is wrong, else failed with all that is. */
export function judged(problems: readonly (string | undefined)[]): Judgement {
  const found = problems.filter((problem) => problem !== undefined)
  return found.length === 0 ? { verdict: 'passed' } : { verdict: 'failed', problems: found }
}

/** Not judged, because of `reason`. */
export const leftOut = (reason: string): Judgement => ({ verdict: 'left-out', reason })
