import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { KEY_NAMES } from '../device-key.js'
import {
  keyAddresses,
  keysFromMnemonic,
  KeysError,
  parseKeysFile,
  randomKeys,
  type DeviceKeys,
} from '../device-keys.js'
import type { LatencyName } from '../latency.js'
import type { ProfileName } from '../profile.js'
import { createSimulatedTezio } from '../simulated-tezio.js'
import { PseudoTerminalError } from '../transport/pseudo-terminal-error.js'
import { openPseudoTerminal } from '../transport/pseudo-terminal.js'
import { traceLine } from './trace.js'

/** Exit codes of sysexits.h: `usage` wrong arguments, `io` a file or the port, `config` keys that are refused. */
export const EXIT = { ok: 0, usage: 64, io: 74, config: 78 } as const

/** What the command needs of its surroundings. Lines come without their end. */
export type Surroundings = {
  readonly print: (line: string) => void
  readonly warn: (line: string) => void
  /** Aborted when the device is to be unplugged for good. */
  readonly stop: AbortSignal
}

type Options = {
  readonly link?: string
  readonly keys?: string
  readonly mnemonicFile?: string
  readonly random?: true
  readonly profile: ProfileName
  readonly latency: LatencyName
  readonly trace?: true
}

/**
 * `tezio-sim`: plugs a simulated device into a pseudo-terminal and keeps it there until it is told to stop. `argv`
 * holds the arguments alone. Resolves to the exit code; never rejects for what a user can do wrong.
 */
export async function simulate(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  try {
    await run(parseOptions(argv, surroundings), surroundings)
    return EXIT.ok
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    const code = exitCodeOf(error)
    if (code === undefined || !(error instanceof Error)) throw error
    surroundings.warn(`error: ${error.message}`)
    return code
  }
}

async function run(options: Options, { print, warn, stop }: Surroundings): Promise<void> {
  const keys = loadKeys(options, warn)
  const device = createSimulatedTezio({ keys, profile: options.profile, latency: options.latency })
  if (options.trace === true)
    device.onExchange((exchange, micros) => {
      warn(traceLine(exchange, micros))
    })
  const { link } = options
  const port = openPseudoTerminal({ device, ...(link === undefined ? {} : { link }) })
  try {
    print(`SIMULATED Tezio HSM, profile ${options.profile}, latency ${options.latency}`)
    const addresses = keyAddresses(keys)
    for (const name of KEY_NAMES) print(`${name.padEnd(9)} ${addresses[name]}`)
    print(`ready ${port.path}`)
    await aborted(stop)
  } finally {
    port.close()
  }
}

function parseOptions(argv: readonly string[], { print, warn }: Surroundings): Options {
  const command = new Command('tezio-sim')
    .description('A Tezio HSM in software, on a pseudo-terminal. For tests: it protects no secrets.')
    .option('--link <path>', 'make a symbolic link to the port at this path')
    .addOption(new Option('--keys <file>', 'JSON file of hex secrets').conflicts(['mnemonicFile', 'random']))
    .addOption(
      new Option('--mnemonic-file <file>', 'file with a BIP-39 mnemonic').conflicts(['keys', 'random']),
    )
    .addOption(
      new Option('--random', 'new keys at each start (the default)').conflicts(['keys', 'mnemonicFile']),
    )
    .addOption(new Option('--profile <name>', 'firmware').choices(['stock', 'fixed']).default('stock'))
    .addOption(new Option('--latency <name>', 'speed').choices(['zero', 'board']).default('zero'))
    .option('--trace', 'write a line on each exchange to stderr')
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        print(text.trimEnd())
      },
      writeErr: (text) => {
        warn(text.trimEnd())
      },
    })
  return command.parse([...argv], { from: 'user' }).opts<Options>()
}

function loadKeys({ keys, mnemonicFile }: Options, warn: (line: string) => void): DeviceKeys {
  const file = keys ?? mnemonicFile
  if (file === undefined) return randomKeys()
  const text = readFileSync(file, 'utf8')
  const loaded = inFile(file, () => (keys === undefined ? keysFromMnemonic(text) : parseKeysFile(text)))
  warn(`warning: ${file} was loaded by a simulated device: nothing protects the secrets here`)
  return loaded
}

/** Names the file in a KeysError's message. */
function inFile(file: string, load: () => DeviceKeys): DeviceKeys {
  try {
    return load()
  } catch (error) {
    if (error instanceof KeysError) throw new KeysError(error.code, `${file}: ${error.message}`)
    throw error
  }
}

function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof KeysError) return EXIT.config
  if (error instanceof PseudoTerminalError) return EXIT.io
  return error instanceof Error && 'syscall' in error ? EXIT.io : undefined
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    signal.addEventListener(
      'abort',
      () => {
        resolve()
      },
      { once: true },
    )
  })
}
