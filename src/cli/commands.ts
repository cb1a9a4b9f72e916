import { InvalidArgumentError, type Command } from 'commander'
import { BAUD_RATES, type BaudRate } from '../device/index.js'
import {
  conformance,
  parseLevel,
  parseSamples,
  parseSeconds,
  type ConformanceOptions,
} from './conformance.js'
import { addAccounts } from './accounts/accounts-command.js'
import { addCompletion } from './completion-command.js'
import { addConfig } from './config-commands.js'
import type { ConsoleOptions } from './console.js'
import { addDevices } from './devices/devices-command.js'
import { addDoctor } from './doctor/doctor-command.js'
import type { ExitCode } from './exit-code.js'
import { init } from './init.js'
import { addKeys } from './keys-commands.js'
import { addMarks } from './marks-commands.js'
import { PRINT_JSON, positioned } from './options.js'
import type { Output } from './output.js'
import { addPolicy } from './policy-commands.js'
import { addStatus } from './status/status-command.js'
import { addSetup } from './setup-command.js'

/**
 * Adds every command but `serve`, and shell completion for all. What is large and serves one command only is imported
 * when that is called.
 */
export function addCommands(program: Command, output: Output, onExit: (code: ExitCode) => void): void {
  positioned(program.command('init'))
    .option('--json', PRINT_JSON)
    .description('make the state directory and seed its high-water marks')
    .action((_options, command: Command) => {
      return init(command.optsWithGlobals(), output)
    })

  addStatus(program, output)
  addConfig(program, output)
  addSetup(program, output, onExit)
  addKeys(program, output)
  addMarks(program, output)
  addPolicy(program, output, onExit)
  addAccounts(program, output)
  addBoardTools(program, output, onExit)
  addDoctor(program, output, onExit)
  addDevices(program, output)

  program
    .command('demo')
    .description('serve with a SIMULATED device and a temporary state directory')
    .action(async () => {
      const { demo } = await import('./demo.js')
      onExit(await demo(output))
    })
  addCompletion(program)
}

/** Commands that speak to a board by themselves: no daemon, no configuration. */
function addBoardTools(program: Command, output: Output, onExit: (code: ExitCode) => void): void {
  program
    .command('conformance')
    .description('judge a device by the protocol: a board, or a simulated one')
    .requiredOption('--port <path>', "the device's serial port; nothing else may have it open")
    .option('--destructive', 'also run the checks that raise watermarks; never on a board that bakes')
    .option('--from-level <level>', 'the lowest level that these checks sign (default: 1)', parseLevel)
    .option('--samples <count>', 'how often each command is timed', parseSamples, 20)
    .option('--time-limit <seconds>', 'how long the run may take', parseSeconds, 900)
    .option('--json <file>', 'write the report as JSON')
    .option('--junit <file>', 'write the report as JUnit XML')
    .action(async (options: ConformanceOptions) => {
      onExit(await conformance(options, output))
    })

  program
    .command('console')
    .description('talk to a provisioning or debug sketch, line by line; Ctrl-D ends')
    .requiredOption('--port <path>', "the board's serial port")
    .option('--baud <rate>', `the sketch's speed (${BAUD_RATES.join(' or ')})`, parseBaud, BAUD_RATES[0])
    .option('--transcript <file>', 'write down what is said, secrets masked, to a new file of mode 0600')
    .option('--show-secrets', 'write mnemonic words and secret keys to the transcript as well')
    .action(async (options: ConsoleOptions) => {
      const { runConsole } = await import('./console.js')
      onExit(await runConsole(options, output))
    })
}

function parseBaud(text: string): BaudRate {
  const rate = BAUD_RATES.find((known) => String(known) === text)
  if (rate === undefined) throw new InvalidArgumentError(`${BAUD_RATES.join(' or ')} expected`)
  return rate
}
