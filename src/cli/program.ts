import { Command, Option } from 'commander'
import { EXIT, failureOf, type ExitCode } from './exit-code.js'
import { addHelpPages } from './help.js'
import { LOG_LEVELS } from './log.js'
import type { Output } from './output.js'
import { packageVersion } from './version.js'

/** Runs one command line and resolves with its exit code; whatever goes wrong is told on standard error. */
export async function runCli(args: readonly string[], output: Output): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok
  try {
    const program = await createProgram(args, output, (result) => {
      code = result
    })
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    const failure = failureOf(error)
    if (failure.message !== '') output.err(`tezio-bridge: ${failure.message}\n`)
    return failure.code
  }
}

/** `serve`, where it stands first, is the only command there is: it starts sooner, which counts after a crash. */
async function createProgram(
  args: readonly string[],
  output: Output,
  onExit: (code: ExitCode) => void,
): Promise<Command> {
  const program = new Command('tezio-bridge')
    .description('Remote signer for Tezos bakers whose keys live in a Tezio HSM')
    .version(packageVersion())
    .option('--config <file>', 'the configuration', 'config.yaml')
    .option('--state-dir <directory>', 'the state directory, instead of the configured one')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.err })
    .showHelpAfterError('(tezio-bridge --help shows the commands)')
  addServe(program, onExit)
  const isAlone = args[0] === 'serve'
  if (!isAlone) {
    const { addCommands } = await import('./commands.js')
    addCommands(program, output, onExit)
  }
  addHelpPages(program, isAlone ? ['serve'] : undefined)
  return program
}

function addServe(program: Command, onExit: (code: ExitCode) => void): void {
  program
    .command('serve')
    .description('run the signer until it is told to stop')
    .option('--port <path>', "the board's serial port, instead of the configured one")
    .option('--unlock', 'ask for the passphrase of the vault of accounts, and open it')
    .addOption(new Option('--log-level <level>', 'the least that is logged').choices(LOG_LEVELS))
    .action(async (_options, command: Command) => {
      const { serve } = await import('./serve.js')
      onExit(await serve(command.optsWithGlobals()))
    })
}
