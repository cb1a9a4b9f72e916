import { text as readAll } from 'node:stream/consumers'
import { clientNames, loadConfig, type Config } from '../config/index.js'
import {
  explainPayload,
  MarksJournal,
  StateError,
  type Explanation,
  type JournalState,
} from '../policy/index.js'
import { fromHex, type DescribedContent, type DescribedSignable } from '../tezos/index.js'
import { EXIT, RefusedError, UsageError, type ExitCode } from './exit-code.js'
import { json, table, type Output } from './output.js'
import type { ConfigOptions } from './serve.js'

export type ExplainOptions = ConfigOptions & {
  readonly key: string
  readonly payload: string
  readonly client?: string | undefined
  readonly json?: boolean | undefined
}

/**
 * Tells what the rules make of a payload, from the configuration and the journal alone: no device, no daemon, and
 * nothing is changed. Throws a UsageError for what is no payload, and a RefusedError for a key that is not configured.
 */
export async function explainPolicy(options: ExplainOptions, { out }: Output): Promise<ExitCode> {
  const config = loadConfig(options.config, { stateDir: options.stateDir })
  const key = config.keys.find(({ publicKeyHash }) => publicKeyHash === options.key)
  if (key === undefined) {
    const known = config.keys.map(({ publicKeyHash }) => publicKeyHash).join(', ')
    throw new RefusedError(`${options.key} is not a signing key of this bridge; configured are ${known}`)
  }
  const payload = readPayloadText(options.payload === '-' ? await readAll(process.stdin) : options.payload)
  const state = stateOf(config)
  const now = new Date()
  const clients = clientsOf(config, options)
  const { maxLevelGap } = config.marks
  const explanation = explainPayload({ key, payload, clients, now, state, maxLevelGap })
  const asked = askedLater(config, key, clients)
  const isRefused = explanation.refusal !== undefined
  out(
    options.json === true
      ? json({ ...explanation, signed: !isRefused, state: state !== undefined, asked })
      : describe(explanation, state !== undefined, asked),
  )
  return isRefused ? EXIT.refused : EXIT.ok
}

function readPayloadText(text: string): Uint8Array {
  const bytes = fromHex(text.trim())
  if (bytes !== undefined && bytes.length > 0) return bytes
  throw new UsageError(
    '--payload is not hex: give the bytes to sign, the watermark byte first, two digits each',
  )
}

/** Who is taken to ask; `undefined` where nobody was named. */
function clientsOf(config: Config, { client }: ExplainOptions): readonly string[] | undefined {
  if (client === undefined) return undefined
  const known = clientNames(config)
  if (known.includes(client)) return [client]
  const names = known.length === 0 ? 'the configuration has none' : `configured are ${known.join(', ')}`
  throw new UsageError(`--client ${client} is no client: ${names}`)
}

/** What the journal says, also beside a running daemon; `undefined` before `init`. */
function stateOf({ stateDir }: Config): JournalState | undefined {
  try {
    const state = MarksJournal.read(stateDir)
    if (state.exportedAt === undefined) return state
    throw new StateError(
      'state-exported',
      `the marks in ${stateDir} were exported: nothing is signed here any more`,
    )
  } catch (error) {
    if (error instanceof StateError && error.code === 'state-missing') return undefined
    throw error
  }
}

/** What only the daemon knows, once somebody asks it. */
function askedLater(
  { headCheck }: Config,
  { requiresAuthentication, perMinute, hook }: Config['keys'][number],
  clients: readonly string[] = [],
): readonly string[] {
  const who = clients.length === 0 ? 'who asks' : `who asks (taken for ${clients.join(', ')})`
  return [
    ...(requiresAuthentication ? [`${who}, and its proof`] : [who]),
    ...(headCheck === undefined ? [] : ["the node's head (head_check)"]),
    ...(hook === undefined ? [] : [`the key's own service (hook), about ${hook.kinds.join(', ')}`]),
    ...(perMinute === undefined
      ? []
      : [`how often the key signed in the last 60 s (per_minute: ${perMinute})`]),
    'the device, and whether its own rules and marks let it sign',
  ]
}

function describe(explanation: Explanation, hasState: boolean, asked: readonly string[]): string {
  const { key, bytes, digest, read, rules, windows, refusal } = explanation
  const parts = [
    `${key}\n${bytes} bytes, digest ${digest}\n`,
    ...(read === undefined ? [] : [describeRead(read)]),
    ...(rules.length === 0
      ? []
      : [
          table(
            ['RULE', 'SAYS', 'BECAUSE'],
            rules.map(({ name, says, because }) => [name, says.replaceAll('-', ' '), because]),
          ),
        ]),
    ...(windows.length === 0 ? [] : [describeWindows(windows)]),
    ...(hasState ? [] : ['There is no state directory yet: marks and windows are not known.\n']),
    `Asked when it is signed:\n${asked.map((line) => `  ${line}\n`).join('')}`,
    verdict(refusal),
  ]
  return parts.join('\n')
}

function describeRead({ kind, magicByte, contents, ...place }: DescribedSignable): string {
  const head = `${kind} (${magicByte})\n`
  if (contents === undefined) return head + fields(place)
  return head + contents.map(describeContent).join('')
}

function describeContent({ kind = '', ...rest }: DescribedContent, index: number): string {
  return `  ${index + 1}. ${kind}\n${fields(rest)}`
}

function fields(values: Readonly<Record<string, unknown>>): string {
  const rows = Object.entries(values).map(([name, value]) => [name, String(value)])
  const width = Math.max(...rows.map(([name = '']) => name.length))
  return rows.map(([name = '', value = '']) => `     ${name.padEnd(width)}  ${value}\n`).join('')
}

function describeWindows(windows: Explanation['windows']): string {
  return table(
    ['WINDOW', 'MUTEZ', 'OF', 'FEES', 'OF'],
    windows.map(({ hours, mutez, maxMutez, feeMutez, maxFeeMutez = 'any' }) => {
      return [`${hours} hours`, mutez, maxMutez, feeMutez, maxFeeMutez]
    }),
  )
}

function verdict(refusal: Explanation['refusal']): string {
  if (refusal === undefined) return 'It would be signed, as far as can be told here.\n'
  const { code, message, rule } = refusal
  return `It would be refused${rule === undefined ? '' : ` by ${rule}`} (${code}): ${message}\n`
}
