import { hexByte } from './bytes.js'
import { encodeChainId } from './chain.js'
import { int32At, uint32At } from './int32.js'
import { malformed, negativeFault } from './malformed.js'
import type { Parsed } from './signable.js'

const LEVEL_AT = 5
const FITNESS_SIZE_AT = 83
const FITNESS_AT = FITNESS_SIZE_AT + 4
/** Between the end of the fitness and the payload round: context and payload hash. */
const PAYLOAD_ROUND_BEHIND = 32 + 32
/** Between the end of the fitness and the seed nonce flag: also the payload round and the proof of work nonce. */
const FLAG_BEHIND = PAYLOAD_ROUND_BEHIND + 4 + 8
/** What a seed nonce hash adds, by its flag. */
const SEED_NONCE_SIZE: ReadonlyMap<number, number> = new Map([
  [0x00, 0],
  [0xff, 32],
])

/**
 * A block header (0x11), every byte accounted for; its round is the last number of its fitness.
 * Source: octez `lib_base/block_header.ml:25-96`, `fitness_repr.ml`, `block_header_repr.ml:70-150`.
 */
export function parseBlock(bytes: Uint8Array): Parsed {
  if (bytes.length < FITNESS_AT) return malformed(`block of ${bytes.length} bytes: at least 198 expected`)
  const fitnessSize = uint32At(bytes, FITNESS_SIZE_AT)
  const fault =
    sizeFault(bytes, fitnessSize) ?? elementFault(bytes, fitnessSize) ?? numberFault(bytes, fitnessSize)
  if (fault !== undefined) return malformed(`block: ${fault}`)
  return {
    outcome: 'parsed',
    signable: {
      kind: 'block',
      magicByte: 0x11,
      operation: 'block',
      layout: 'block',
      chainId: encodeChainId(bytes.subarray(1, LEVEL_AT)),
      level: int32At(bytes, LEVEL_AT),
      round: int32At(bytes, FITNESS_AT + fitnessSize - 4),
    },
  }
}

function sizeFault(bytes: Uint8Array, fitnessSize: number): string | undefined {
  if (fitnessSize !== 33 && fitnessSize !== 37) return `fitness length ${fitnessSize}: 33 or 37 expected`
  const flagAt = FITNESS_AT + fitnessSize + FLAG_BEHIND
  const flag = bytes[flagAt]
  const least = flagAt + 1 + 1
  if (flag === undefined) return `${bytes.length} bytes: at least ${least} expected`
  const seedNonceSize = SEED_NONCE_SIZE.get(flag)
  if (seedNonceSize === undefined) return `seed nonce flag ${hexByte(flag)}: 0x00 or 0xff expected`
  const size = least + seedNonceSize
  return bytes.length === size ? undefined : `${bytes.length} bytes: ${size} expected`
}

/** The fitness is five counted elements: version, level, locked round (or nothing), predecessor round, round. */
function elementFault(bytes: Uint8Array, fitnessSize: number): string | undefined {
  let at = FITNESS_AT
  for (const expected of [1, 4, fitnessSize - 33, 4, 4]) {
    const size = uint32At(bytes, at)
    if (size !== expected) return `fitness element of ${size} bytes: ${expected} expected`
    at += 4 + size
  }
  const version = bytes[FITNESS_AT + 4]
  return version === 0x02 ? undefined : `fitness version ${hexByte(version ?? 0)}: 0x02 expected`
}

function numberFault(bytes: Uint8Array, fitnessSize: number): string | undefined {
  const fitnessEnd = FITNESS_AT + fitnessSize
  const level = int32At(bytes, LEVEL_AT)
  const round = int32At(bytes, fitnessEnd - 4)
  const payloadRound = int32At(bytes, fitnessEnd + PAYLOAD_ROUND_BEHIND)
  return (
    negativeFault('level', level) ??
    negativeFault('round', round) ??
    fitnessFault(bytes, fitnessEnd, level) ??
    (fitnessSize === 37 ? lockedRoundFault(int32At(bytes, FITNESS_AT + 17), round) : undefined) ??
    negativeFault('payload round', payloadRound) ??
    (payloadRound > round ? `payload round ${payloadRound}: at most the round ${round} expected` : undefined)
  )
}

function fitnessFault(bytes: Uint8Array, fitnessEnd: number, level: number): string | undefined {
  const fitnessLevel = int32At(bytes, FITNESS_AT + 9)
  if (fitnessLevel !== level) return `fitness level ${fitnessLevel}: the header's level ${level} expected`
  const predecessorRound = int32At(bytes, fitnessEnd - 12)
  // Round n of the predecessor is written as -1 - n, so that a lower one makes a fitter block.
  return predecessorRound < 0
    ? undefined
    : `predecessor round ${predecessorRound}: a negative number expected`
}

function lockedRoundFault(lockedRound: number, round: number): string | undefined {
  const fault = negativeFault('locked round', lockedRound)
  return (
    fault ??
    (lockedRound < round ? undefined : `locked round ${lockedRound}: below the round ${round} expected`)
  )
}
