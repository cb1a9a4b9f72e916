import { Command, InvalidArgumentError, Option } from 'commander'
import { demo } from './demo.js'
import { EXIT, failureOf, type ExitCode } from './exit-code.js'
import { init } from './init.js'
import { showKeys } from './keys.js'
import { raise, seed, showMarks } from './marks.js'
import type { Output } from './output.js'
import { serve } from './serve.js'
import { packageVersion } from './version.js'

/** Runs one command line and resolves with its exit code; whatever goes wrong is told on standard error. */
export async function runCli(args: readonly string[], output: Output): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok
  const program = createProgram(output, (result) => {
    code = result
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    const failure = failureOf(error)
    if (failure.message !== '') output.err(`tezio-bridge: ${failure.message}\n`)
    return failure.code
  }
}

function createProgram(output: Output, onExit: (code: ExitCode) => void): Command {
  const program = new Command('tezio-bridge')
    .description('Remote signer for Tezos bakers whose keys live in a Tezio HSM')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.err })
    .showHelpAfterError('(tezio-bridge --help shows the commands)')

  configured(program.command('serve').description('run the signer until it is told to stop'))
    .option('--port <path>', "the board's serial port, instead of the configured one")
    .action(async (options: Parameters<typeof serve>[0]) => {
      onExit(await serve(options))
    })

  positioned(
    configured(program.command('init').description('make the state directory and seed its high-water marks')),
  )
    .addOption(jsonOption())
    .action((options: Parameters<typeof init>[0]) => {
      init(options, output)
    })

  configured(program.command('keys').description("show the board's keys and addresses"))
    .option('--port <path>', 'read them from this port (or: auto); then no configuration is needed')
    .addOption(jsonOption())
    .action((options: Parameters<typeof showKeys>[0]) => showKeys(options, output))

  const marks = program
    .command('marks')
    .description('high-water marks: what was signed last, and may never be signed again')
  configured(marks.command('show').description('show all marks'))
    .addOption(jsonOption())
    .action((options: Parameters<typeof showMarks>[0]) => showMarks(options, output))
  selected(
    configured(
      marks.command('raise').description('raise marks (never lower them), also in a running daemon'),
    ),
  )
    .requiredOption('--level <level>', 'the new level', parseCount)
    .option('--round <round>', 'the new round', parseCount, 0)
    .addOption(jsonOption())
    .action((options: Parameters<typeof raise>[0]) => raise(options, output))
  selected(
    positioned(
      configured(
        marks
          .command('seed')
          .description(
            'set first marks for keys, chains and kinds that have none; the daemon must be stopped',
          ),
      ),
    ),
  )
    .addOption(jsonOption())
    .action((options: Parameters<typeof seed>[0]) => {
      seed(options, output)
    })

  program
    .command('demo')
    .description('serve with a SIMULATED device and a temporary state directory')
    .action(async () => {
      onExit(await demo(output))
    })
  return program
}

function configured(command: Command): Command {
  return command
    .option('--config <file>', 'the configuration', 'config.yaml')
    .option('--state-dir <directory>', 'the state directory, instead of the configured one')
}

function positioned(command: Command): Command {
  return command
    .option(
      '--level <level>',
      'the level to start from, instead of high_water_marks in the configuration',
      parseCount,
    )
    .option('--round <round>', 'the round to start from', parseCount)
}

function selected(command: Command): Command {
  return command
    .option('--key <address>', 'only marks of this key')
    .option('--chain <chain>', 'only marks of this chain (a name or a NetX... id)')
    .option('--kind <kind>', 'only marks of this kind (block, preattestation, attestation)')
}

function jsonOption(): Option {
  return new Option('--json', 'print JSON')
}

function parseCount(text: string): number {
  const value = Number(text)
  if (/^\d{1,10}$/.test(text) && value <= 0x7fffffff) return value
  throw new InvalidArgumentError('a whole number from 0 to 2147483647 expected')
}
