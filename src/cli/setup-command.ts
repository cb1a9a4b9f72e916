import { InvalidArgumentError, type Command } from 'commander'
import { isRefused, readKind, readRpcUrl } from '../config/index.js'
import { CHAIN_NAMES, parseChainId, type ChainId } from '../tezos/index.js'
import { EXIT, type ExitCode } from './exit-code.js'
import { parseCount } from './options.js'
import type { Output } from './output.js'
import { SUGGESTED_OPERATIONS } from './setup/choose-key.js'
import type { SetupOptions } from './setup/setup-options.js'

/** As the command line says it, `--operations` without a list among it. */
type GivenOptions = Omit<SetupOptions, 'operations'> & {
  readonly operations?: SetupOptions['operations'] | true
}

/** `tezio-bridge setup`. */
export function addSetup(program: Command, output: Output, onExit: (code: ExitCode) => void): void {
  const command = program
    .command('setup')
    .description('set up a board, a configuration and the first marks, step by step')
  boardOptions(command)
  signingOptions(command)
  installOptions(command)
  command
    .option('--yes', 'ask nothing: what has no safe default must be given')
    .option('--force', 'replace a configuration that differs; a backup of it is kept')
    .option('--dry-run', 'find, ask and show everything, and write nothing')
    .option('--json', 'with --yes: print what was done as JSON')
    .action(async (_options, chosen: Command) => {
      const { runSetup } = await import('./setup/run-setup.js')
      const options: GivenOptions = chosen.optsWithGlobals()
      await runSetup({ ...options, operations: operationsOf(options.operations) }, output)
      onExit(EXIT.ok)
    })
}

function boardOptions(command: Command): void {
  command
    .option('--port <path>', "the board's serial port, or auto")
    .option('--serial-number <text>', 'the USB serial number of the board, where several are plugged in')
}

function signingOptions(command: Command): void {
  const suggested = SUGGESTED_OPERATIONS.join(',')
  command
    .option('--key <address>', 'the key that bakes: its address, or its place on the board (1, 2 or 3)')
    .option('--chain <chain>', `the chain: ${CHAIN_NAMES.join(', ')} or a NetX... id`, parseChain)
    .option(
      '--operations [kinds]',
      `sign these operations too (without a list: ${suggested})`,
      parseOperations,
    )
    .option('--authenticate', 'requests must be signed by the authentication key of the board')
    .option('--no-authenticate', 'requests need no authentication')
    .option(
      '--node <url>',
      'the RPC of a node that tells the head (default: http://127.0.0.1:8732)',
      parseNode,
    )
    .option('--no-node', 'ask no node')
    .option('--head-check', "compare every block and vote with the node's head")
    .option('--no-head-check', 'do not compare them')
    .option('--level <level>', "the level of the first marks (default: that of the node's head)", parseCount)
}

function installOptions(command: Command): void {
  command
    .option('--install', 'install the udev rule and the files for the service manager')
    .option('--no-install', 'only show them')
    .option('--manager <name>', 'systemd or supervisord (default: what this machine has)', parseManager)
    .option('--user <name>', 'the user that the service runs as')
    .option('--prefix <directory>', 'install below this directory instead of /')
}

/** `--operations` without a list means the suggested ones. */
function operationsOf(given: GivenOptions['operations']): SetupOptions['operations'] {
  return given === true ? SUGGESTED_OPERATIONS : given
}

function parseChain(text: string): ChainId {
  const chain = parseChainId(text)
  if (chain === undefined)
    throw new InvalidArgumentError(`one of ${CHAIN_NAMES.join(', ')}, or a NetX... id expected`)
  return chain
}

function parseOperations(text: string): readonly string[] {
  return text.split(',').map((name) => {
    const kind = readKind(name.trim())
    if (isRefused(kind)) throw new InvalidArgumentError(kind.refused)
    return kind
  })
}

function parseNode(text: string): string {
  const url = readRpcUrl(text)
  if (isRefused(url)) throw new InvalidArgumentError(`it ${url.refused}`)
  return url
}

function parseManager(text: string): string {
  if (text === 'systemd' || text === 'supervisord') return text
  throw new InvalidArgumentError('systemd or supervisord expected')
}
