import type { KeyAlias } from '../../src/device/tezio/index.js'

/** The highest level and round a key has seen under one magic byte, both unsigned 32-bit. The chain is not in it. */
export type DeviceMark = {
  readonly alias: KeyAlias
  readonly magicByte: number
  readonly level: number
  readonly round: number
}

/** Where a consensus payload carries what the watermark compares. */
export type LevelRound = { readonly level: number; readonly round: number }

const BLOCK = 0x11
const LEVEL_AT = { block: 5, vote: 40 } as const
const VOTE_ROUND_AT = 44
const FITNESS_LENGTH_AT = 83
const WORD = 4

/** Whether a magic byte is kept watermarks for: 0x11 block, 0x12 preattestation, 0x13 attestation. */
export function hasWatermark(magicByte: number): boolean {
  return magicByte >= BLOCK && magicByte <= 0x13
}

/**
 * Level and round of a payload, unsigned; bytes that are not there read as `undefined`. A block's round ends its
 * fitness, whose length is trusted and added in 32 bits (docs/protocol.md "What surprises", 4).
 */
export function readLevelRound(payload: Uint8Array): Partial<LevelRound> {
  const isBlock = payload[0] === BLOCK
  const level = readWord(payload, isBlock ? LEVEL_AT.block : LEVEL_AT.vote)
  const round = isBlock ? readBlockRound(payload) : readWord(payload, VOTE_ROUND_AT)
  return { ...(level === undefined ? {} : { level }), ...(round === undefined ? {} : { round }) }
}

function readBlockRound(payload: Uint8Array): number | undefined {
  const fitnessLength = readWord(payload, FITNESS_LENGTH_AT)
  return fitnessLength === undefined
    ? undefined
    : readWord(payload, (FITNESS_LENGTH_AT + fitnessLength) % 2 ** 32)
}

/** A payload in memory that was cleared before: what the firmware reads beyond its end, up to 1024 bytes, is 0. */
export function inClearedMemory(payload: Uint8Array, size: number): Uint8Array {
  const memory = new Uint8Array(size)
  memory.set(payload.subarray(0, size))
  return memory
}

function readWord(bytes: Uint8Array, at: number): number | undefined {
  if (at + WORD > bytes.length) return undefined
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at)
}

/** The watermarks in RAM: per key and magic byte, 0 and 0 from the start. */
export class Watermarks {
  readonly #marks = new Map<string, DeviceMark>()

  /**
   * Raises a mark and returns true when level and round are above it, compared unsigned, level first. The same
   * level and round are not above it, whatever else the payload says: returns false and changes nothing.
   */
  raise(alias: KeyAlias, magicByte: number, { level, round }: LevelRound): boolean {
    const key = `${alias}/${magicByte}`
    const mark = this.#marks.get(key) ?? { level: 0, round: 0 }
    if (level < mark.level || (level === mark.level && round <= mark.round)) return false
    this.#marks.set(key, { alias, magicByte, level, round })
    return true
  }

  /** Every mark that was raised since the start, by alias and then magic byte. */
  list(): readonly DeviceMark[] {
    const order = (mark: DeviceMark) => mark.alias * 0x100 + mark.magicByte
    return [...this.#marks.values()].sort((left, right) => order(left) - order(right))
  }
}
