import { InvalidArgumentError, type Command } from 'commander'
import { readRpcUrl } from '../../config/index.js'
import type { ExitCode } from '../exit-code.js'
import type { Output } from '../output.js'
import { isColoured } from '../colour.js'
import { doctor } from './doctor.js'

type Options = {
  readonly config: string
  readonly stateDir?: string
  readonly port?: string
  readonly device?: string
  readonly node?: string
  readonly json?: true
}

/** `tezio-bridge doctor`. */
export function addDoctor(program: Command, output: Output, onExit: (code: ExitCode) => void): void {
  program
    .command('doctor')
    .description('look at everything that signing needs, and say what to do about it; changes nothing')
    .option('--port <path>', "the board's serial port (or: auto), instead of the configured one")
    .option('--device <name>', 'the board to look at, where the configuration names several')
    .option('--node <url>', 'an Octez node, instead of head_check.rpc in the configuration', parseNode)
    .option('--json', 'print JSON instead of lines')
    .action(async (_options, command: Command) => {
      const options: Options = command.optsWithGlobals()
      const isConfigNamed = command.getOptionValueSourceWithGlobals('config') !== 'default'
      const run = { ...options, isConfigNamed, json: options.json === true, isColoured: isColoured() }
      onExit(await doctor(run, output))
    })
}

function parseNode(text: string): string {
  const url = readRpcUrl(text)
  if (typeof url === 'string') return url
  throw new InvalidArgumentError(url.refused)
}
