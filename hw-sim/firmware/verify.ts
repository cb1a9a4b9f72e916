import { MODE, OPCODE, type CommandFields } from '../../src/device/tezio/index.js'
import { decodeSignature, encodeSignature, payloadDigest } from '../../src/tezos/index.js'
import type { DeviceKey } from '../device-key.js'
import type { Profile, Status } from '../profile.js'
import { aliasOf, elementRefusal, keyOf, refusal, value, type Handler } from './outcome.js'

const DIGEST_SIZE = 32
const SIGNATURE_SIZE = 64
const LEAST_DATA = SIGNATURE_SIZE + 1

/** VERIFY. Checks in the firmware's order: key, policy, mode, data, message length, digest, secure element. */
export const verify: Handler = (fields, board) => {
  const alias = aliasOf(fields)
  if (alias === undefined) return refusal('param1-invalid')
  if (!board.policy.allowsOpcode(alias, OPCODE.verify)) return refusal('hsm-operation-disabled')
  const mode = fields.param2 ?? 0
  if (mode < MODE.prehashedRaw || mode > MODE.messageBase58) return refusal('param2-invalid')
  const cut = cutData(fields, mode, board.profile)
  if (typeof cut === 'string') return refusal(cut)
  const isDigest = mode < MODE.messageRaw
  if (isDigest && cut.message.length !== DIGEST_SIZE) return refusal('param2-invalid')
  const key = keyOf(board, alias)
  const failure = elementRefusal(board, 'VERIFY', key.curve)
  if (failure !== undefined) return failure
  const digest = isDigest ? cut.message : payloadDigest(cut.message)
  const signature = mode % 2 === 1 ? cut.signature : decodeText(key, cut.signature)
  return value(Uint8Array.of(signature !== undefined && key.verify(digest, signature) ? 1 : 0))
}

type Cut = { readonly message: Uint8Array; readonly signature: Uint8Array }

/** Message and signature: a raw one is the last 64 bytes, text is what follows a message of param3 bytes. */
function cutData({ data, param3 = 0 }: CommandFields, mode: number, profile: Profile): Cut | Status {
  if (data === undefined || data.length < LEAST_DATA) return 'data-invalid'
  if (mode % 2 === 1) return cutAt(data, data.length - SIGNATURE_SIZE)
  if (param3 === 0) return 'param3-invalid'
  return param3 >= data.length && profile.checksMessageLength ? 'param3-invalid' : cutAt(data, param3)
}

const cutAt = (data: Uint8Array, at: number): Cut => ({
  message: data.slice(0, at),
  signature: data.slice(at),
})

/** Only the curve's own text form: the generic `sig` has a shorter prefix, which the firmware would cut wrongly. */
function decodeText(key: DeviceKey, characters: Uint8Array): Uint8Array | undefined {
  const text = new TextDecoder().decode(characters)
  const signature = decodeSignature(key.curve, text)
  return signature !== undefined && encodeSignature(key.curve, signature) === text ? signature : undefined
}
