import { ctl } from './ctl.js'
import { faults } from './faults.js'
import { replay } from './replay.js'
import { simulate } from './simulate.js'
import type { Surroundings } from './surroundings.js'

/** The `tezio-sim` program: a command by its name, or a simulator when the arguments begin with none. */
export async function tezioSim(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const [name, ...rest] = argv
  switch (name) {
    case 'ctl':
      return ctl(rest, surroundings)
    case 'faults':
      return faults(rest, surroundings)
    case 'replay':
      return replay(rest, surroundings)
    case 'run':
      return simulate(rest, surroundings)
    default:
      return simulate(argv, surroundings)
  }
}
