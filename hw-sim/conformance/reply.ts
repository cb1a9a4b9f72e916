import {
  crc16,
  MAX_REPLY_SIZE,
  MIN_REPLY_SIZE,
  statusByte,
  statusName,
} from '../../src/device/tezio/index.js'
import { equalBytes, hexByte, toHex } from '../../src/tezos/index.js'
import type { Status } from '../profile.js'

/** What came after a command, `ms` milliseconds after its last byte was written. */
export type Reply =
  /** Exactly one frame with a right checksum. */
  | { readonly kind: 'body'; readonly body: Uint8Array; readonly ms: number }
  /** Nothing at all by the deadline. */
  | { readonly kind: 'silence'; readonly ms: number }
  /** Bytes that are not exactly one frame. */
  | { readonly kind: 'damaged'; readonly reason: string; readonly ms: number }

/** The size that the first bytes of a reply declare: `undefined` before they are there. */
export function declaredSize(bytes: Uint8Array): number | undefined {
  const [low, high] = bytes
  return low === undefined || high === undefined ? undefined : low | (high << 8)
}

/** Whether a reply can have this size; another one is not waited for. */
export function isPossibleSize(size: number): boolean {
  return size >= MIN_REPLY_SIZE && size <= MAX_REPLY_SIZE
}

/** What is wrong with bytes that should be exactly one reply frame; `undefined` when nothing is. */
export function frameProblem(bytes: Uint8Array): string | undefined {
  const size = declaredSize(bytes)
  if (size === undefined) return `${bytes.length} byte(s) instead of a reply: ${shown(bytes)}`
  if (!isPossibleSize(size)) return `a reply that declares ${size} bytes: ${shown(bytes)}`
  if (bytes.length < size) return `a reply cut off after ${bytes.length} of ${size} bytes`
  if (bytes.length > size) return `${bytes.length - size} byte(s) more than the reply of ${size} bytes`
  const sent = (bytes[size - 2] ?? 0) | ((bytes[size - 1] ?? 0) << 8)
  const right = crc16(bytes.subarray(0, size - 2))
  return sent === right ? undefined : `a reply with checksum ${hexWord(sent)} instead of ${hexWord(right)}`
}

/** What came, in a few words. */
export function describe(reply: Reply): string {
  if (reply.kind === 'silence') return `no answer within ${Math.round(reply.ms)} ms`
  if (reply.kind === 'damaged') return reply.reason
  const [byte = 0] = reply.body
  return reply.body.length === 1 ? describeByte(byte) : `${reply.body.length} bytes: ${shown(reply.body)}`
}

/** `0xd4 (packet-parsed)`. */
export function describeByte(byte: number): string {
  const name = statusName(byte)
  return name === 'unknown' ? hexByte(byte) : `${hexByte(byte)} (${name})`
}

/** What is wrong with a reply that should be one of these statuses; `undefined` when it is one. */
export function statusProblem(
  what: string,
  reply: Reply,
  ...expected: readonly Status[]
): string | undefined {
  const bytes = expected.map(statusByte)
  if (reply.kind === 'body' && reply.body.length === 1 && bytes.includes(reply.body[0] ?? 0)) return undefined
  return `${what}: expected ${bytes.map(describeByte).join(' or ')}, got ${describe(reply)}`
}

/** What is wrong with a reply that should have this body; `undefined` when it has. */
export function bodyProblem(what: string, reply: Reply, expected: Uint8Array): string | undefined {
  if (reply.kind === 'body' && equalBytes(reply.body, expected)) return undefined
  return `${what}: expected ${shown(expected)}, got ${describe(reply)}`
}

/** The status byte of a refusal; `undefined` for everything else. */
export function refusedWith(reply: Reply): number | undefined {
  return reply.kind === 'body' && reply.body.length === 1 ? reply.body[0] : undefined
}

const SHOWN_BYTES = 16

function shown(bytes: Uint8Array): string {
  const text = toHex(bytes.subarray(0, SHOWN_BYTES))
  return bytes.length > SHOWN_BYTES ? `${text}...` : text
}

const hexWord = (word: number) => `0x${word.toString(16).padStart(4, '0')}`
