import type { Command } from 'commander'
import { z } from 'zod'
import { askControl } from '../control/control-client.js'
import { FAULTS } from '../faults/index.js'
import { showAnswer, type AnswerKind } from './ctl-output.js'
import { EXIT, exitCode, UsageError } from './exit.js'
import { commandFor } from './run-options.js'
import type { Surroundings } from './surroundings.js'

type Request = {
  readonly kind: AnswerKind
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** After `/devices/NAME`; `undefined` asks for all devices. */
  readonly path: string | undefined
  readonly body?: unknown
}

type Global = { readonly control?: string; readonly device?: string; readonly json?: true }

const statusSchema = z.object({ devices: z.array(z.object({ name: z.string() })) })

/**
 * `tezio-sim ctl`: asks a running simulator, or does something to one of its devices. Resolves to 64 for what the
 * simulator does not understand, 69 when none runs or the device cannot do it now, 74 when the connection broke.
 */
export async function ctl(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  return exitCode(async () => {
    const requests: Request[] = []
    const program = describeCommands(surroundings, (request) => requests.push(request))
    program.parse([...argv], { from: 'user' })
    const { control, device, json } = program.opts<Global>()
    const [request] = requests
    if (request === undefined) throw new UsageError('a command is missing; see --help')
    if (control === undefined) throw new UsageError('--control PATH is missing: the socket of the simulator')
    const { method, path, body, kind } = request
    const prefix = path === undefined ? '/status' : `/devices/${await deviceName(control, device)}${path}`
    const answer = await askControl(control, method, prefix, body)
    const lines = json === true ? [JSON.stringify(answer, null, 2)] : showAnswer(kind, answer)
    for (const line of lines) surroundings.print(line)
    return EXIT.ok
  }, surroundings.warn)
}

function describeCommands(surroundings: Surroundings, ask: (request: Request) => void): Command {
  const program = commandFor('tezio-sim ctl', surroundings)
    .description('Ask a running simulator, arm faults on it, pull its plug.')
    .option('--control <path>', 'the socket given to the simulator')
    .option('--device <name>', 'which device; needed when there are several')
    .option('--json', 'print the answer as JSON')
  const add = (usage: string, description: string) =>
    program.command(usage).description(description).allowExcessArguments(false)
  const get = (name: string, path: string, kind: AnswerKind, description: string) =>
    add(name, description).action(() => {
      ask({ kind, method: 'GET', path })
    })
  add('status', 'what runs').action(() => {
    ask({ kind: 'status', method: 'GET', path: undefined })
  })
  get('faults', '/faults', 'faults', 'which faults are armed')
  get('marks', '/marks', 'marks', 'the marks in the device')
  get('counters', '/counters', 'counters', 'what happened since the start')
  for (const name of ['reboot', 'unplug', 'replug']) {
    add(name, `${name} the device`).action(() => {
      ask({ kind: 'device', method: 'POST', path: `/${name}` })
    })
  }
  addFaultCommands(add, ask)
  add('log', 'the last exchanges')
    .option('-n <count>', 'how many', '20')
    .action(({ n }: { readonly n: string }) => {
      ask({ kind: 'log', method: 'GET', path: `/log?n=${encodeURIComponent(n)}` })
    })
  return program
}

function addFaultCommands(
  add: (usage: string, description: string) => Command,
  ask: (request: Request) => void,
): void {
  add('arm <name> [parameters...]', 'arm a fault; parameters as KEY=VALUE, see `tezio-sim faults`')
    .option('--times <count>', 'how often it strikes; default: until disarmed')
    .action((name: string, pairs: readonly string[], { times }: { readonly times?: string }) => {
      const body = { name, parameters: parseParameters(name, pairs), ...parseTimes(times) }
      ask({ kind: 'armed', method: 'POST', path: '/faults', body })
    })
  add('disarm <id>', 'disarm a fault by its number, or `all`').action((id: string) => {
    const path = id === 'all' ? '/faults' : `/faults/${encodeURIComponent(id)}`
    ask({ kind: 'disarmed', method: 'DELETE', path })
  })
}

/** Values are numbers where the fault's description says so; whether they are allowed is the simulator's to say. */
function parseParameters(fault: string, pairs: readonly string[]): Readonly<Record<string, unknown>> {
  const known = FAULTS.find(({ name }) => name === fault)?.parameters ?? []
  const entries = pairs.map((pair) => {
    const at = pair.indexOf('=')
    if (at < 1) throw new UsageError(`${pair}: KEY=VALUE expected`)
    const [key, text] = [pair.slice(0, at), pair.slice(at + 1)]
    const isNumber = known.find(({ name }) => name === key)?.kind === 'number'
    return [key, isNumber && text.trim() !== '' ? Number(text) : text] as const
  })
  const repeated = entries.find(([key], index) => entries.findIndex(([other]) => other === key) !== index)
  if (repeated !== undefined) throw new UsageError(`${repeated[0]} is given twice`)
  return Object.fromEntries(entries)
}

function parseTimes(text: string | undefined): { readonly times?: number } {
  if (text === undefined) return {}
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--times ${text}: a number from 1 expected`)
  return { times: Number(text) }
}

/** The device asked for, or the only one there is. */
async function deviceName(control: string, name: string | undefined): Promise<string> {
  if (name !== undefined) return encodeURIComponent(name)
  const { devices } = statusSchema.parse(await askControl(control, 'GET', '/status'))
  const [only, ...others] = devices
  if (only !== undefined && others.length === 0) return only.name
  throw new UsageError(`--device is missing: ${devices.map((device) => device.name).join(', ')}`)
}
