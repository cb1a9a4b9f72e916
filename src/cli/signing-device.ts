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
    ready: (ms) => orFailure(() => device.ready(ms).then(() => undefined)),
    sign: (key, payload) =>
      orFailure(async () => {
        const alias = aliases.get(key)
        if (alias === undefined) throw new DeviceError('device-refused', `${key} has no place on the device`)
        if (payload.length === 0 || payload.length > MAX_MESSAGE_SIZE) {
          const text = `a payload of ${payload.length} bytes: the device takes 1 to ${MAX_MESSAGE_SIZE}`
          throw new DeviceError('device-refused', text)
        }
        return { outcome: 'signed', signature: await device.sign(alias, payload) }
      }),
    verify: (message, signature) =>
      orFailure(async () => {
        const isValid = await device.verify(AUTHENTICATION_ALIAS, message, signature)
        return { outcome: 'verified', isValid }
      }),
  }
}

/** What a driver does, with a DeviceError as the value that the guarded signer takes; what else is thrown is thrown on. */
export async function orFailure<Value>(action: () => Promise<Value>): Promise<Value | DeviceFailure> {
  try {
    return await action()
  } catch (error) {
    return deviceFailure(error)
  }
}

function deviceFailure(error: unknown): DeviceFailure {
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
