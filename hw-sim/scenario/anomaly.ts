import { crc16, FRAME_OVERHEAD, scanReply } from '../../src/device/tezio/index.js'
import { equalBytes, fromHex, toHex } from '../../src/tezos/index.js'
import type { TranscriptCase } from '../transcript.js'

/** A fault, with the parameters that bring it about. */
export type Anomaly = { readonly fault: string; readonly parameters: Readonly<Record<string, unknown>> }

const SIGNATURE_FRAME = 64 + FRAME_OVERHEAD
const LINE = /^[\t\r\n -~]{1,1024}$/

/**
 * What went wrong in a recorded reply, where `healthy` is what a device in order answers; empty when nothing did.
 * `knowsKeys` tells whether that device had the keys of the recorded one.
 */
export function anomaliesOf(
  recorded: TranscriptCase,
  healthy: Uint8Array,
  knowsKeys: boolean,
): readonly Anomaly[] {
  const bytes = fromHex(recorded.reply ?? '') ?? new Uint8Array()
  if (isHealthy(recorded, bytes, healthy, knowsKeys)) return []
  const tests = [nothing, refused, zeros, cut, longer, wrongCrc, flipped]
  const found = tests.map((test) => test(bytes, healthy)).find((anomaly) => anomaly !== undefined)
  return [found ?? { fault: 'replace-reply', parameters: { hex: toHex(bytes) } }]
}

/** `signature:` is written by the recorder only for a whole frame with a signature that verifies. */
function isHealthy(
  recorded: TranscriptCase,
  bytes: Uint8Array,
  healthy: Uint8Array,
  knowsKeys: boolean,
): boolean {
  if (equalBytes(bytes, healthy)) return true
  if (bytes.length !== healthy.length || !isFrame(bytes)) return false
  if (recorded.match !== 'exact') return true
  // Without the keys a public key, and a signature by Ed25519, can only be told by its size.
  return !knowsKeys && bytes.length > FRAME_OVERHEAD + 1
}

const isFrame = (bytes: Uint8Array): boolean => wholeFrame(bytes) === bytes.length

function wholeFrame(bytes: Uint8Array): number {
  const scan = scanReply(bytes)
  return scan.kind === 'reply' ? scan.size : 0
}

const nothing = (bytes: Uint8Array): Anomaly | undefined =>
  bytes.length === 0 ? { fault: 'drop-reply', parameters: {} } : undefined

/** The command was carried out all the same: a healthy device has raised its mark, and the played one must too. */
function refused(bytes: Uint8Array): Anomaly | undefined {
  if (bytes.length !== FRAME_OVERHEAD + 1 || !isFrame(bytes)) return undefined
  return { fault: 'refuse', parameters: { status: bytes[2], when: 'after' } }
}

function cut(bytes: Uint8Array, healthy: Uint8Array): Anomaly | undefined {
  if (bytes.length >= healthy.length) return undefined
  // A signature is another one every time: of it only the length field is compared.
  const compared = healthy.length === SIGNATURE_FRAME ? Math.min(bytes.length, 2) : bytes.length
  if (!equalBytes(bytes.slice(0, compared), healthy.slice(0, compared))) return undefined
  return { fault: 'truncate', parameters: { keep: bytes.length } }
}

/** The default signature, where another one was asked for. */
function zeros(bytes: Uint8Array): Anomaly | undefined {
  const isZero = bytes.length === SIGNATURE_FRAME && bytes.slice(2, -2).every((byte) => byte === 0)
  return isZero && isFrame(bytes) ? { fault: 'wrong-signature', parameters: { how: 'zeros' } } : undefined
}

/** A frame as long as the healthy one, with something before or after it. */
function longer(bytes: Uint8Array, healthy: Uint8Array): Anomaly | undefined {
  const { length } = healthy
  if (wholeFrame(bytes) === length) {
    const rest = bytes.slice(length)
    if (rest.length === 0) return undefined
    if (equalBytes(rest, bytes.slice(0, length))) return { fault: 'duplicate-reply', parameters: {} }
    return lineOf(rest, 'after') ?? { fault: 'extra-bytes', parameters: { hex: toHex(rest) } }
  }
  const at = bytes.length - length
  return at > 0 && isFrame(bytes.slice(at)) ? lineOf(bytes.slice(0, at), 'before') : undefined
}

function lineOf(bytes: Uint8Array, where: 'before' | 'after'): Anomaly | undefined {
  const text = new TextDecoder('latin1').decode(bytes)
  return LINE.test(text) ? { fault: 'noise', parameters: { where, text } } : undefined
}

function wrongCrc(bytes: Uint8Array, healthy: Uint8Array): Anomaly | undefined {
  const { length } = bytes
  if (length !== healthy.length) return undefined
  const sent = new DataView(bytes.buffer, bytes.byteOffset, length).getUint16(length - 2, true)
  const isInverted = (sent ^ 0xffff) === crc16(bytes.slice(0, -2))
  return isInverted ? { fault: 'wrong-crc', parameters: {} } : undefined
}

/** One bit of a reply whose right bytes are known. */
function flipped(bytes: Uint8Array, healthy: Uint8Array): Anomaly | undefined {
  if (bytes.length !== healthy.length) return undefined
  const changes = [...bytes].flatMap((byte, at) => {
    const change = byte ^ (healthy[at] ?? 0)
    return change === 0 ? [] : [{ at, bit: Math.log2(change) }]
  })
  const [only, ...more] = changes
  if (only === undefined || more.length > 0 || !Number.isInteger(only.bit)) return undefined
  return { fault: 'flip-bit', parameters: { bit: only.at * 8 + only.bit } }
}
