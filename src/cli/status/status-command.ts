import { InvalidArgumentError, type Command } from 'commander'
import { PRINT_JSON } from '../options.js'
import type { Output } from '../output.js'
import { processSurroundings, showStatus } from './status.js'

/** `tezio-bridge status`. */
export function addStatus(program: Command, output: Output): void {
  program
    .command('status')
    .description('show how the running daemon is: device, keys, marks, decisions, warnings')
    .option('--watch', 'look again and again, until Ctrl-C')
    .option('--interval <seconds>', 'how often with --watch (0.2 to 3600)', parseInterval, 1)
    .option('--json', `${PRINT_JSON}; with --watch one line for each look`)
    .action((_options, command: Command) =>
      showStatus(command.optsWithGlobals(), output, processSurroundings()),
    )
}

function parseInterval(text: string): number {
  const value = Number(text)
  if (/^\d{1,4}(?:\.\d{1,3})?$/.test(text) && value >= 0.2 && value <= 3600) return value
  throw new InvalidArgumentError('a number of seconds from 0.2 to 3600 expected')
}
