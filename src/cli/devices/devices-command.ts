import type { Command } from 'commander'
import { PRINT_JSON } from '../options.js'
import type { Output } from '../output.js'
import { showDevices } from './devices.js'

type Options = {
  readonly config: string
  readonly stateDir?: string
  readonly port?: string
  readonly probe?: true
  readonly json?: true
}

/** `tezio-bridge devices`. */
export function addDevices(program: Command, output: Output): void {
  program
    .command('devices')
    .description('show the serial ports and what is known of each')
    .option('--port <path>', 'also show this port, such as a pseudo-terminal')
    .option('--probe', 'open the ports of boards that nobody holds, and show their addresses')
    .option('--json', PRINT_JSON)
    .action(async (_options, command: Command) => {
      const options: Options = command.optsWithGlobals()
      const { probe = false, json = false } = options
      await showDevices({ ...options, probe, json }, output)
    })
}
