import { KEY_FORMAT, OPCODE } from '../../src/device/tezio/index.js'
import { encodePublicKey, publicKeyHash } from '../../src/tezos/index.js'
import type { DeviceKey } from '../device-key.js'
import {
  aliasOf,
  elementRefusal,
  keyOf,
  refusal,
  text,
  value,
  type Handler,
  type Outcome,
} from './outcome.js'

/** GET_PK. Checks in the firmware's order: key, policy, format, secure element. */
export const getPublicKey: Handler = (fields, board) => {
  const alias = aliasOf(fields)
  if (alias === undefined) return refusal('param1-invalid')
  if (!board.policy.allowsOpcode(alias, OPCODE.getPublicKey)) return refusal('hsm-operation-disabled')
  const key = keyOf(board, alias)
  const written = writeKey(key, fields.param2 ?? 0)
  if (written === undefined) return refusal('param2-invalid')
  return elementRefusal(board, 'GET_PK', key.curve) ?? written
}

function writeKey(key: DeviceKey, format: number): Outcome | undefined {
  switch (format) {
    case KEY_FORMAT.raw:
      return value(key.rawPublicKey)
    case KEY_FORMAT.compressed:
      return value(key.publicKey.bytes)
    case KEY_FORMAT.base58check:
      return text(encodePublicKey(key.publicKey))
    case KEY_FORMAT.address:
      return text(publicKeyHash(key.publicKey))
    default:
      return undefined
  }
}
