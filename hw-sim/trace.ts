import { ETH_FORM, KEY_FORMAT, MODE, statusByte } from '../src/device/tezio/index.js'
import { equalBytes, hexByte, isConsensus, parseSignable } from '../src/tezos/index.js'
import { KEY_NAMES } from './device-key.js'
import type { Exchange } from './exchange-log.js'
import type { CommandName } from './firmware/command-name.js'
import { hasWatermark, readLevelRound } from './firmware/watermarks.js'
import { hexDump } from './trace-hex.js'
import type { Traffic } from './trace-traffic.js'

/** The first line of every trace: whoever reads one must see that no device stands behind it. */
export const traceHeader = (name: string): string =>
  `SIMULATED Tezio HSM${name === '' ? '' : ` ${name}`}: trace, in = host to device, out = device to host`

/** One line on an exchange: command, key, mode, what is signed, the answer, what went out, time. No payload is in it. */
export function traceLine({ exchange, received, micros }: Traffic): string {
  const time = micros === undefined ? 'cut off by a restart' : `${Math.round(micros)} us`
  const { reply } = exchange
  const change = equalBytes(received, reply)
    ? ''
    : `, changed on its way: ${received.length} of ${reply.length} B`
  return `#${exchange.number} in ${describeCommand(exchange)} -> out ${describeOutcome(exchange)}${change}, ${time}`
}

/** The bytes of an exchange both ways, as they were on the cable: payloads and signatures are among them. */
export function traceDump({ sent, received }: Traffic): readonly string[] {
  return [
    ...hexDump(sent).map((line) => `  in  ${line}`),
    ...hexDump(received).map((line) => `  out ${line}`),
  ]
}

const MODES_OF: Readonly<Record<Exclude<CommandName, 'GET_INFO'>, Readonly<Record<string, number>>>> = {
  GET_PK: KEY_FORMAT,
  SIGN: MODE,
  VERIFY: MODE,
  SIGN_ETH: ETH_FORM,
}

/** What a command asked for, in words: command, key, mode, and for SIGN kind, level and round. */
export function describeCommand({ name, command, packet }: Omit<Exchange, 'outcome' | 'reply'>): string {
  if (command === undefined) return `packet of ${packet.length} B`
  if (name === undefined) return `opcode ${hexByte(command.opcode)}`
  const key = KEY_NAMES[command.param1 ?? 0] ?? `key ${command.param1}`
  if (name === 'GET_INFO') return name
  const modes = MODES_OF[name]
  const mode = Object.entries(modes).find(([, byte]) => byte === (command.param2 ?? 0))?.[0]
  const parts = [name, key, mode ?? `mode ${command.param2}`]
  const { data } = command
  if (data === undefined) return parts.join(' ')
  const isMessage = (command.param2 ?? 0) >= MODE.messageRaw
  if (name === 'SIGN')
    parts.push(...(isMessage ? describePayload(data) : [`digest ${hexByte(data[0] ?? 0)}`]))
  return [...parts, `${data.length} B`].join(' ')
}

/** What a command was answered with: how much, or the refusal. */
export function describeOutcome({ outcome }: Exchange): string {
  return outcome.kind === 'value'
    ? `${outcome.body.length} B`
    : `refused ${outcome.status} (${hexByte(statusByte(outcome.status))})`
}

/** Magic byte and meaning. Where the payload is none that Tezos knows, what the firmware reads in it all the same. */
function describePayload(data: Uint8Array): readonly string[] {
  const magicByte = data[0] ?? 0
  const parsed = parseSignable(data)
  if (parsed.outcome === 'parsed') {
    const { signable } = parsed
    if (isConsensus(signable)) {
      return [hexByte(magicByte), signable.operation, `level ${signable.level} round ${signable.round}`]
    }
    const contents =
      signable.kind === 'operation' ? [signable.contents.map(({ kind }) => kind).join('+')] : []
    return [hexByte(magicByte), signable.kind, ...contents]
  }
  if (!hasWatermark(magicByte))
    return [hexByte(magicByte), parsed.outcome === 'malformed' ? 'malformed' : 'unknown']
  const { level = 0, round = 0 } = readLevelRound(data)
  return [hexByte(magicByte), 'malformed', `read as level ${level} round ${round}`]
}
