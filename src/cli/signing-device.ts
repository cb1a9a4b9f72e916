import { DeviceError, MAX_MESSAGE_SIZE, type KeyAlias, type TezioDevice } from '../device/index.js'
import type { DeviceFailure, DeviceFailureCode, SigningDevice } from '../policy/index.js'
import type { PublicKeyHash } from '../tezos/index.js'
import { AUTHENTICATION_ALIAS } from './key-directory.js'

/** Introduces a board to the guarded signer: keys by address become aliases, errors become values. */
export function signingDevice(
  name: string,
  device: TezioDevice,
  aliases: ReadonlyMap<PublicKeyHash, KeyAlias>,
): SigningDevice {
  return {
    name,
    isReady: () => ['ready', 'busy'].includes(device.health().state),
    ready: async (ms) => {
      try {
        await device.ready(ms)
        return undefined
      } catch (error) {
        return deviceFailure(error)
      }
    },
    sign: async (key, payload) => {
      const alias = aliases.get(key)
      try {
        if (alias === undefined) throw new DeviceError('device-refused', `${key} has no place on the device`)
        if (payload.length === 0 || payload.length > MAX_MESSAGE_SIZE) {
          const text = `a payload of ${payload.length} bytes: the device takes 1 to ${MAX_MESSAGE_SIZE}`
          throw new DeviceError('device-refused', text)
        }
        return { outcome: 'signed', signature: await device.sign(alias, payload) }
      } catch (error) {
        return deviceFailure(error)
      }
    },
    verify: async (message, signature) => {
      try {
        const isValid = await device.verify(AUTHENTICATION_ALIAS, message, signature)
        return { outcome: 'verified', isValid }
      } catch (error) {
        return deviceFailure(error)
      }
    },
  }
}

/** A DeviceError as the value that the guarded signer takes; what else was thrown is thrown on. */
export function deviceFailure(error: unknown): DeviceFailure {
  if (!(error instanceof DeviceError)) throw error
  return { outcome: 'failed', code: failureCode(error), message: error.message, sent: error.sent }
}

function failureCode({ code }: DeviceError): DeviceFailureCode {
  switch (code) {
    case 'port-not-found':
    case 'port-busy':
    case 'port-permission':
    case 'port-failed':
    case 'module-failed':
    case 'token-not-found':
    case 'token-key-missing':
    case 'pin-refused':
      return 'device-unavailable'
    default:
      return code
  }
}
