import { Command, Option } from 'commander'
import {
  checkPlans,
  optional,
  parseDevicePlan,
  parseProfile,
  parseTcpAddress,
  type DevicePlan,
} from './device-plan.js'
import { UsageError } from './exit.js'
import { PROFILE_NAMES } from '../profile.js'
import type { Surroundings } from './surroundings.js'

/** What `tezio-sim` is to run. */
export type RunPlan = {
  readonly devices: readonly DevicePlan[]
  readonly control?: string
  readonly trace: boolean
  readonly hex: boolean
  /** Whether recordings hold the secret keys. */
  readonly recordKeys: boolean
  /** Whether the device is a provisioning console at first. */
  readonly provision: boolean
}

type Options = {
  readonly link?: string
  readonly tcp?: string
  readonly tcpAny?: true
  readonly keys?: string
  readonly mnemonicFile?: string
  readonly profile: string
  readonly latency: string
  readonly scenario?: string
  readonly record?: string
  readonly ethPolicy?: string
  readonly recordKeys?: true
  readonly provision?: true
  readonly device?: readonly string[]
  readonly control?: string
  readonly trace?: true
  readonly hex?: true
}

const OF_ONE_DEVICE = [
  'link',
  'tcp',
  'keys',
  'mnemonicFile',
  'random',
  'profile',
  'latency',
  'scenario',
  'record',
  'ethPolicy',
  'provision',
]

const HELP = `
Other commands: faults (what can be armed), ctl (while one runs), replay (a recording); each has --help.

--device takes name, link, tcp, keys, mnemonic-file, profile, latency, scenario, record and eth-policy as KEY=VALUE
with commas between them. The plain options describe the only device when there is no --device.`

/** The plan in the arguments. Throws a CommanderError, also after printing help, or a UsageError. */
export function parseRunOptions(argv: readonly string[], surroundings: Surroundings): RunPlan {
  const command = describeOptions(commandFor('tezio-sim', surroundings))
  const options = command.parse([...argv], { from: 'user' }).opts<Options>()
  const anyHost = options.tcpAny === true
  const devices = options.device?.map((text, index) => parseDevicePlan(text, index + 1, anyHost))
  const plan: RunPlan = {
    devices: devices ?? [onlyDevice(options, anyHost)],
    ...optional('control', options.control),
    trace: options.trace === true || options.hex === true,
    hex: options.hex === true,
    recordKeys: options.recordKeys === true,
    provision: options.provision === true,
  }
  checkPlans(plan.devices)
  checkRecordKeys(plan)
  return plan
}

/** A command that neither ends the process nor writes past the surroundings. */
export function commandFor(name: string, { print, warn }: Surroundings): Command {
  return new Command(name)
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
}

function describeOptions(command: Command): Command {
  const option = (flags: string, description: string, ...conflicts: string[]) =>
    new Option(flags, description).conflicts(conflicts)
  return command
    .description(
      'A Tezio HSM in software, on a pseudo-terminal or a TCP port. For tests: it protects no secrets.',
    )
    .addOption(option('--link <path>', 'make a symbolic link to the port at this path', 'tcp'))
    .addOption(option('--tcp <host:port>', 'a TCP port, 0 for any, in place of a terminal', 'link'))
    .option('--tcp-any', 'allow --tcp addresses that other machines reach')
    .addOption(option('--keys <file>', 'JSON file of hex secrets', 'mnemonicFile', 'random'))
    .addOption(option('--mnemonic-file <file>', 'file with a BIP-39 mnemonic', 'keys', 'random'))
    .addOption(option('--random', 'new keys at each start (the default)', 'keys', 'mnemonicFile'))
    .addOption(option('--profile <name>', 'firmware').choices(PROFILE_NAMES).default('stock'))
    .option('--latency <model>', 'speed: zero, board, or a file', 'zero')
    .option('--scenario <file>', 'play a scenario')
    .option('--record <file>', 'write what is exchanged to a file that `replay` reads')
    .option('--eth-policy <file>', 'JSON file of what profile eth may sign for Ethereum')
    .option('--record-keys', 'put the secret keys of the keys file into it as well')
    .addOption(option('--provision', 'a provisioning console first', 'keys', 'mnemonicFile', 'random'))
    .addOption(
      option('--device <spec>', 'a device; may be repeated', ...OF_ONE_DEVICE).argParser(
        (text: string, sofar: readonly string[] | undefined) => [...(sofar ?? []), text],
      ),
    )
    .option('--control <path>', 'a Unix socket for `tezio-sim ctl`')
    .option('--trace', 'write a line on each exchange to stderr')
    .option('--hex', 'the same with a hex dump: payloads and signatures are in it')
    .addHelpText('after', HELP)
}

function onlyDevice(options: Options, anyHost: boolean): DevicePlan {
  const { tcp } = options
  return {
    name: 'tezio',
    ...optional('link', options.link),
    ...(tcp === undefined ? {} : { tcp: parseTcpAddress(tcp, anyHost) }),
    ...optional('keys', options.keys),
    ...optional('mnemonicFile', options.mnemonicFile),
    profile: parseProfile(options.profile),
    latency: options.latency,
    ...optional('scenario', options.scenario),
    ...optional('record', options.record),
    ...optional('ethPolicy', options.ethPolicy),
  }
}

function checkRecordKeys({ recordKeys, devices }: RunPlan): void {
  if (!recordKeys) return
  const withoutFile = devices.some(({ record, keys }) => record !== undefined && keys === undefined)
  if (withoutFile || devices.every(({ record }) => record === undefined)) {
    throw new UsageError('--record-keys copies the secrets of a keys file: give the device record and keys')
  }
}
