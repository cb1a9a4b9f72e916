import type { Command } from 'commander'
import { clearQuarantine, showKeys } from './keys.js'
import { PRINT_JSON } from './options.js'
import type { Output } from './output.js'

/** `tezio-bridge keys` and what is below it. */
export function addKeys(program: Command, output: Output): void {
  const keys = program
    .command('keys')
    .description("show the board's keys and addresses")
    .option('--port <path>', 'read them from this port (or: auto); then no configuration is needed')
    .option('--json', PRINT_JSON)
    .action((_options, command: Command) => showKeys(command.optsWithGlobals(), output))

  keys
    .command('clear-quarantine')
    .description('let a key sign again whose device repeated a nonce, also in a running daemon')
    .requiredOption('--key <address>', 'the key')
    .option('--json', PRINT_JSON)
    .action((_options, command: Command) => clearQuarantine(command.optsWithGlobals(), output))
}
