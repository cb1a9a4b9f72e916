import type { Command } from 'commander'
import type { ExitCode } from './exit-code.js'
import { PRINT_JSON } from './options.js'
import type { Output } from './output.js'

/** Adds the commands about what keys may sign. */
export function addPolicy(program: Command, output: Output, onExit: (code: ExitCode) => void): void {
  const policy = program.command('policy').description('what keys may sign, and why')

  policy
    .command('explain')
    .description('say what the rules of a key make of a payload, rule by rule')
    .requiredOption('--key <address>', 'the key that would sign')
    .requiredOption('--payload <hex>', 'the bytes to sign, the watermark byte first; - reads standard input')
    .option('--client <name>', 'the configured client that is taken to ask')
    .option('--json', PRINT_JSON)
    .action(async (_options, command: Command) => {
      const { explainPolicy } = await import('./policy-explain.js')
      onExit(await explainPolicy(command.optsWithGlobals(), output))
    })
}
