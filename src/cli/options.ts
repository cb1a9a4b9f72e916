import { InvalidArgumentError, type Command } from 'commander'

/** What `--json` does wherever there is a table. */
export const PRINT_JSON = 'print JSON instead of a table'

/** Options that say where marks begin. */
export function positioned(command: Command): Command {
  return command
    .option(
      '--level <level>',
      'the level to start from, instead of high_water_marks in the configuration',
      parseCount,
    )
    .option('--round <round>', 'the round to start from', parseCount)
}

/** Options that choose marks. */
export function selected(command: Command): Command {
  return command
    .option('--key <address>', 'only marks of this key')
    .option('--chain <chain>', 'only marks of this chain (a name or a NetX... id)')
    .option('--kind <kind>', 'only marks of this kind (block, preattestation, attestation)')
}

/** A level or a round. Throws what commander shows. */
export function parseCount(text: string): number {
  const value = Number(text)
  if (/^\d{1,10}$/.test(text) && value <= 0x7fffffff) return value
  throw new InvalidArgumentError('a whole number from 0 to 2147483647 expected')
}
