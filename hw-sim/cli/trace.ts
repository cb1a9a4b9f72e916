import { KEY_FORMAT, MODE, statusByte } from '../../src/device/tezio/index.js'
import { hexByte } from '../../src/tezos/index.js'
import { KEY_NAMES } from '../device-key.js'
import type { Exchange } from '../exchange-log.js'

const KIND: ReadonlyMap<number, string> = new Map([
  [0x03, 'operation'],
  [0x04, 'authenticated-request'],
  [0x05, 'michelson-data'],
  [0x11, 'block'],
  [0x12, 'preattestation'],
  [0x13, 'attestation'],
])

/** One line on an exchange: command, key, mode, what is signed by its magic byte, answer, time. No payload is in it. */
export function traceLine(exchange: Exchange, micros: number): string {
  const answer =
    exchange.outcome.kind === 'value'
      ? `${exchange.outcome.body.length} B`
      : `refused ${exchange.outcome.status} (${hexByte(statusByte(exchange.outcome.status))})`
  return `#${exchange.number} ${question(exchange)} -> ${answer}, ${Math.round(micros)} us`
}

function question({ name, command, packet }: Exchange): string {
  if (command === undefined) return `packet of ${packet.length} B`
  if (name === undefined) return `opcode ${hexByte(command.opcode)}`
  const key = KEY_NAMES[command.param1 ?? 0] ?? `key ${command.param1}`
  const modes: Readonly<Record<string, number>> = name === 'GET_PK' ? KEY_FORMAT : MODE
  const mode = Object.entries(modes).find(([, byte]) => byte === (command.param2 ?? 0))?.[0]
  const parts = [name, key, mode ?? `mode ${command.param2}`]
  const { data } = command
  if (data === undefined) return parts.join(' ')
  const [magicByte = 0] = data
  const kind = KIND.get(magicByte)
  return [...parts, hexByte(magicByte), ...(kind === undefined ? [] : [kind]), `${data.length} B`].join(' ')
}
