import { comparePosition, type Mark, type Position } from '../policy/index.js'

/** A place for the table: as wanted, or as high as this host knows it to be. */
export function notBelow(
  { chain, key, kind, ...wanted }: Position,
  known: Pick<Mark, 'level' | 'round'> | undefined,
): Position {
  const { level, round } = known !== undefined && comparePosition(wanted, known) < 0 ? known : wanted
  return { chain, key, kind, level, round }
}
