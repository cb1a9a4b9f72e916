import { ETH_ALIAS, MODE, OPCODE, type KeyAlias } from '../../src/device/tezio/index.js'
import { encodeSignature, payloadDigest } from '../../src/tezos/index.js'
import {
  aliasOf,
  elementRefusal,
  keyOf,
  refusal,
  text,
  value,
  type Board,
  type Handler,
  type Outcome,
} from './outcome.js'
import { hasWatermark, inClearedMemory, readLevelRound } from './watermarks.js'

const DIGEST_SIZE = 32
const SIGNATURE_SIZE = 64
/** The firmware's `packet.data`, cleared before each packet. */
const DATA_MEMORY = 1024

/** SIGN. Checks in the firmware's order: key, policy of the command, mode, data, then watermark and magic byte. */
export const sign: Handler = (fields, board) => {
  const alias = aliasOf(fields)
  if (alias === undefined) return refusal('param1-invalid')
  const isEthereumKey = alias === ETH_ALIAS && board.ethPolicy !== undefined
  if (isEthereumKey || !board.policy.allowsOpcode(alias, OPCODE.sign))
    return refusal('hsm-operation-disabled')
  const mode = fields.param2 ?? 0
  if (mode > MODE.messageBase58) return refusal('param2-invalid')
  const { curve } = keyOf(board, alias)
  if (mode === MODE.defaultSignature) return text(encodeSignature(curve, new Uint8Array(SIGNATURE_SIZE)))
  const isDigest = mode < MODE.messageRaw
  if (isDigest && !board.profile.signsDigests) return refusal('param2-invalid')
  const { data } = fields
  if (data === undefined) return refusal('data-invalid')
  if (isDigest && data.length !== DIGEST_SIZE) return refusal('digest-not-32-bytes')
  const denied = denial(alias, data, board) ?? elementRefusal(board, 'SIGN', curve)
  if (denied !== undefined) return denied
  const signature = keyOf(board, alias).sign(isDigest ? data : payloadDigest(data), board.random)
  return mode % 2 === 1 ? value(signature) : text(encodeSignature(curve, signature))
}

/**
 * The two gates before a signature. `stock` raises the mark first, so that a request which policy then refuses has
 * raised it; and it takes the first byte of `data` for the magic byte even when `data` is a digest.
 */
function denial(alias: KeyAlias, data: Uint8Array, board: Board): Outcome | undefined {
  const watermark = () => watermarkDenial(alias, data, board)
  const policy = () => policyDenial(alias, data, board)
  return board.profile.raisesMarkFirst ? (watermark() ?? policy()) : (policy() ?? watermark())
}

function policyDenial(alias: KeyAlias, [magicByte = 0]: Uint8Array, board: Board): Outcome | undefined {
  const isAllowed = board.profile.readsPastTable
    ? board.policy.readsMagicByte(alias, magicByte)
    : board.policy.allowsMagicByte(alias, magicByte)
  return isAllowed ? undefined : refusal('magic-byte-not-enabled')
}

function watermarkDenial(alias: KeyAlias, data: Uint8Array, board: Board): Outcome | undefined {
  const [magicByte = 0] = data
  if (!hasWatermark(magicByte)) return undefined
  const { profile, marks } = board
  const asZero = profile.readsMissingBytesAsZero
  const { level, round } = readLevelRound(asZero ? inClearedMemory(data, DATA_MEMORY) : data)
  if (!asZero && (level === undefined || round === undefined)) return refusal('data-invalid')
  const isRaised = marks.raise(alias, magicByte, { level: level ?? 0, round: round ?? 0 })
  return isRaised ? undefined : refusal(profile.watermarkStatus)
}
