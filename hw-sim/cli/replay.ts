import { readFileSync } from 'node:fs'
import { Option } from 'commander'
import type { DeviceKeys } from '../device-keys.js'
import { scenarioFromTranscript } from '../scenario/index.js'
import { replayTranscript, type ReplayReport } from '../transcript-replay.js'
import { keysOfTranscript, parseTranscript, type TranscriptFile } from '../transcript.js'
import { checkEthPolicy, parseProfile, parseTcpAddress } from './device-plan.js'
import { EXIT, exitCode, UsageError } from './exit.js'
import { loadKeys } from './load-keys.js'
import { loadEthPolicy } from './load-plan.js'
import { openSerialLink, openTcpLink, simulatedLink, type OpenLink } from './replay-link.js'
import { commandFor } from './run-options.js'
import type { Surroundings } from './surroundings.js'

type Options = {
  readonly port?: string
  readonly tcp?: string
  readonly simulate?: true
  readonly scenario?: true
  readonly profile: string
  readonly ethPolicy?: string
  readonly keys?: string
  readonly timeout: string
  readonly json?: true
}

/**
 * `tezio-sim replay FILE`: plays a recording against a device and says what was different, or prints the scenario that
 * makes a simulated device behave as recorded. Resolves to 0 when nothing was different, 1 when something was.
 */
export async function replay(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  return exitCode(async () => {
    const { file, options } = parseArguments(argv, surroundings)
    const recording = parseTranscript(readFileSync(file, 'utf8'), file)
    if (options.scenario === true) {
      surroundings.print(scenarioFromTranscript(recording).trimEnd())
      return EXIT.ok
    }
    const report = await play(recording, options, surroundings)
    show(report, options, surroundings)
    return report.differences.length === 0 ? EXIT.ok : EXIT.different
  }, surroundings.warn)
}

function parseArguments(argv: readonly string[], surroundings: Surroundings) {
  const ways = ['port', 'tcp', 'simulate', 'scenario']
  const way = (flags: string, description: string, name: string) =>
    new Option(flags, description).conflicts(ways.filter((other) => other !== name))
  const command = commandFor('tezio-sim replay', surroundings)
    .description('Play a recording against a device and report differences.')
    .argument('<file>', 'what `tezio-sim --record` wrote, or test/vectors/tezio-transcripts.json')
    .addOption(
      way('--port <path>', 'the serial port of the device: it will sign and raise its marks', 'port'),
    )
    .addOption(way('--tcp <host:port>', 'the TCP port of a simulated device', 'tcp'))
    .addOption(way('--simulate', 'a simulated device that has just started', 'simulate'))
    .addOption(way('--scenario', 'print the recording as a scenario and play nothing', 'scenario'))
    .option('--profile <name>', 'firmware of the simulated device', 'stock')
    .option('--eth-policy <file>', 'JSON file of what profile eth may sign for Ethereum')
    .option('--keys <file>', 'JSON file of hex secrets, in place of those of the recording')
    .option('--timeout <ms>', 'how long a reply may take', '3000')
    .option('--json', 'print the report as JSON')
    .parse([...argv], { from: 'user' })
  const options = command.opts<Options>()
  if (ways.every((name) => !(name in options))) {
    throw new UsageError('one of --port, --tcp, --simulate and --scenario is missing')
  }
  return { file: command.args[0] ?? '', options }
}

async function play(
  recording: TranscriptFile,
  options: Options,
  { warn, stop }: Surroundings,
): Promise<ReplayReport> {
  const timeoutMs = Number(options.timeout)
  if (!(timeoutMs >= 1 && timeoutMs <= 600_000)) throw new UsageError('--timeout: 1 to 600000 ms expected')
  const keys =
    options.keys === undefined ? keysOfTranscript(recording) : loadKeys({ keys: options.keys }, warn)
  const { link, close } = await openLink(options, keys)
  try {
    return await replayTranscript(recording, link, {
      timeoutMs,
      stop,
      ...(keys === undefined ? {} : { keys }),
    })
  } finally {
    await close()
  }
}

async function openLink(options: Options, keys: DeviceKeys | undefined): Promise<OpenLink> {
  if (options.port !== undefined) return openSerialLink(options.port)
  if (options.tcp !== undefined) return openTcpLink(parseTcpAddress(options.tcp, true))
  if (keys === undefined) throw new UsageError('the recording holds no secret keys: --keys FILE is missing')
  const profile = parseProfile(options.profile)
  checkEthPolicy(options.ethPolicy, profile)
  return simulatedLink(keys, profile, loadEthPolicy(options.ethPolicy))
}

function show(report: ReplayReport, { json, simulate }: Options, { print, warn }: Surroundings): void {
  if (report.unrestarted > 0) {
    warn(`warning: the device was restarted ${report.unrestarted} times in the recording and not here`)
  }
  if (json === true) {
    print(JSON.stringify({ ...report, simulated: simulate === true }, null, 2))
    return
  }
  if (simulate === true) print('SIMULATED Tezio HSM: what follows says nothing about a device')
  for (const { number, name, difference } of report.differences) print(`${number} ${name}: ${difference}`)
  print(`${report.same} of ${report.cases} exchanges as recorded, ${report.differences.length} different`)
}
