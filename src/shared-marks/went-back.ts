import { comparePosition, markName, StateError, type Mark, type MarkRecord } from '../policy/index.js'

/** Throws `marks-went-back` where the table's mark is below what this host knows, or stands there for another payload. */
export function refuseOlder(known: MarkRecord, stands: Mark | undefined, place: string): void {
  const order = stands === undefined ? -1 : comparePosition(stands, known)
  const isOther =
    order === 0 &&
    stands?.digest !== undefined &&
    known.digest !== undefined &&
    stands.digest !== known.digest
  if (order >= 0 && !isOther) return
  const there = stands === undefined ? 'has no mark' : `stands at ${positionOf(stands)}`
  const here = `this host knows ${positionOf(known)}${isOther ? ' with another payload' : ''}`
  const remedy =
    'an older copy of the table was restored: stop all hosts, then raise the mark above all that was ever signed with tezio-bridge marks raise (marks seed where there is none)'
  throw new StateError('marks-went-back', `${markName(known)} ${there} in ${place}, and ${here}; ${remedy}`)
}

function positionOf({ level, round }: Pick<Mark, 'level' | 'round'>): string {
  return `level ${level} round ${round}`
}
