import type { Pkcs11Device } from '../device/pkcs11/index.js'
import type { SigningDevice } from '../policy/index.js'
import { orFailure } from './signing-device.js'

/** Introduces a PKCS#11 token to the guarded signer. It has no authentication key, so it judges no signatures. */
export function pkcs11SigningDevice(name: string, device: Pkcs11Device): SigningDevice {
  return {
    name,
    isReady: () => ['ready', 'busy'].includes(device.health().state),
    ready: (ms) => orFailure(() => device.ready(ms).then(() => undefined)),
    sign: (key, payload) =>
      orFailure(async () => ({ outcome: 'signed', signature: await device.sign(key, payload) })),
  }
}
