import { FAULTS, type FaultDescription } from '../faults/index.js'
import { EXIT, exitCode } from './exit.js'
import { commandFor } from './run-options.js'
import type { Surroundings } from './surroundings.js'

/** `tezio-sim faults`: what can be armed, with its parameters. `--json` prints the same for programs. */
export async function faults(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  return exitCode(() => {
    const command = commandFor('tezio-sim faults', surroundings)
      .description('List the faults that can be armed.')
      .option('--json', 'as JSON')
    const { json } = command.parse([...argv], { from: 'user' }).opts<{ readonly json?: true }>()
    if (json === true) surroundings.print(JSON.stringify(FAULTS, null, 2))
    else for (const line of FAULTS.flatMap(describe)) surroundings.print(line)
    return Promise.resolve(EXIT.ok)
  }, surroundings.warn)
}

function describe({ name, description, parameters }: FaultDescription): readonly string[] {
  const details = parameters.map((parameter) => {
    const preset = parameter.default === undefined ? 'none' : JSON.stringify(parameter.default)
    return `    ${parameter.name} (${parameter.kind}, default ${preset}): ${parameter.description}`
  })
  return [`${name}: ${description}`, ...details]
}
