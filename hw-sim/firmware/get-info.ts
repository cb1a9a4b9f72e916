import { encodeInfo, type DeviceCapability } from '../../src/device/tezio/index.js'
import { refusal, value, type Handler } from './outcome.js'

/** What the simulated firmware calls itself. */
const VERSION = '1.0.0'

/** GET_INFO: takes no parameter, needs no key and no secure element. */
export const getInfo: Handler = (fields, board) => {
  if (fields.param1 !== undefined) return refusal('param1-invalid')
  const capabilities: readonly DeviceCapability[] =
    board.ethPolicy === undefined
      ? ['eth-keccak', 'strict-prehash']
      : ['eth-keccak', 'strict-prehash', 'eth-provisioned']
  return value(encodeInfo({ firmware: VERSION, capabilities }))
}
