import { concatBytes, payloadDigest } from '../../src/tezos/index.js'

/** Magic byte of an operation: enabled on every key by default, and kept no watermark for. */
export const TRANSFER = 0x03
/** A magic byte that means nothing in Tezos and is not enabled by default. */
export const UNUSED_MAGIC_BYTE = 0x10
/** Magic bytes beyond the table of the policy, which only a stock firmware looks up (surprise 5). */
export const OVERRUN_MAGIC_BYTES = [0x14, 0x20, 0x35] as const

/** Magic bytes with watermarks: block, preattestation, attestation. */
export const CONSENSUS = [0x11, 0x12, 0x13] as const

/** Chains that do not exist, so that nothing signed under them is of use to anyone. */
export const CHAINS = [0x74657a69, 0x6f636b69] as const

/**
 * The round at which marks are first raised. Nothing else stops there, so that a mark found at exactly this level and
 * round was put there by the run itself.
 */
export const FIRST_ROUND = 100

const BRANCH_SIZE = 32
const FAILING_NOOP = 0x11
const OPERATION_HEAD = 1 + BRANCH_SIZE + 1 + 4
const TEXT = 'tezio-bridge conformance, an operation that no block can include '

/**
 * A payload of `size` bytes (2 to 1015) under `magicByte` that no chain accepts: a `failing_noop` on a branch that does
 * not exist, cut off when it is shorter than that takes. Each `serial` gives another one from 42 bytes on.
 */
export function harmless(size: number, serial = 0, magicByte: number = TRANSFER): Uint8Array {
  const payload = new Uint8Array(Math.max(size, OPERATION_HEAD + 4))
  const view = new DataView(payload.buffer)
  payload[0] = magicByte
  payload[1 + BRANCH_SIZE] = FAILING_NOOP
  view.setUint32(OPERATION_HEAD - 4, payload.length - OPERATION_HEAD)
  const text = new TextEncoder().encode(TEXT)
  for (let at = OPERATION_HEAD; at < payload.length; at += 1) {
    payload[at] = text[(at - OPERATION_HEAD) % text.length] ?? 0
  }
  view.setUint32(OPERATION_HEAD, serial)
  return payload.slice(0, size)
}

/** The digest of a harmless operation that happens to begin with `magicByte`. */
export function harmlessDigest(magicByte: number): Uint8Array {
  for (let serial = 0; ; serial += 1) {
    const digest = payloadDigest(harmless(64, serial))
    if (digest[0] === magicByte) return digest
  }
}

/** What a consensus payload says, as far as the device reads it. */
export type Position = {
  readonly level: number
  readonly round: number
  readonly chain?: number
  /** Makes another payload of the same position. */
  readonly salt?: number
  /** Bytes of a block's fitness, whose last four are the round. Default 28. */
  readonly fitnessBytes?: number
}

/** A block (0x11), preattestation (0x12) or attestation (0x13) at a position. */
export function consensus(magicByte: number, position: Position): Uint8Array {
  const { level, round, chain = CHAINS[0], salt = 0 } = position
  const isBlock = magicByte === CONSENSUS[0]
  const head = new Uint8Array(isBlock ? 87 : 80)
  const view = new DataView(head.buffer)
  head[0] = magicByte
  view.setUint32(1, chain)
  view.setUint32(isBlock ? 5 : 40, level)
  view.setUint32(isBlock ? 10 : 48, salt)
  if (!isBlock) {
    view.setUint32(44, round)
    return head
  }
  const fitnessBytes = position.fitnessBytes ?? 28
  const fitness = new Uint8Array(fitnessBytes)
  new DataView(fitness.buffer).setUint32(fitnessBytes - 4, round)
  view.setUint32(83, fitnessBytes)
  return concatBytes(head, fitness, new Uint8Array(80))
}
