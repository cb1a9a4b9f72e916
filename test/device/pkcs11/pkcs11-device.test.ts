import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Pkcs11Device, type Pkcs11DeviceOptions } from '../../../src/device/pkcs11/index.js'
import { DeviceError } from '../../../src/device/index.js'
import {
  CURVES,
  normaliseSignature,
  payloadDigest,
  publicKeyHash,
  verifySignature,
} from '../../../src/tezos/index.js'
import { EventLog } from '../support.js'
import { asTokenKey, INSTALL_TIMEOUT_MS, MODULE, SoftTokens, whyNoTokens, WORKER } from './soft-tokens.js'

const PIN = 'resigner:1234'
const missing = whyNoTokens()

describe.skipIf(missing !== '')('a PKCS#11 token', () => {
  const closers: (() => unknown)[] = []
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close()
  })

  it('signs with every curve, and every signature verifies', async () => {
    const tokens = new SoftTokens()
    closers.push(() => {
      tokens.remove()
    })
    tokens.add('tezos', PIN)
    const keys = CURVES.map((curve) => tokens.addKey({ by: 'label', value: 'tezos' }, PIN, { curve }))
    const log = new EventLog()
    const device = new Pkcs11Device({
      module: MODULE,
      token: { by: 'label', value: 'tezos' },
      pin: PIN,
      keys: keys.map(asTokenKey),
      timeoutMs: 2000,
      worker: WORKER,
      onEvent: log.sink,
    })
    device.open()
    closers.push(() => device.close())
    await device.firstContact(15000)
    console.log(log.events, device.health())
    for (const key of keys) {
      const payload = Uint8Array.of(0x11, 1, 2, 3)
      const sig = normaliseSignature(key.curve, await device.sign(publicKeyHash(key.publicKey), payload))
      expect(verifySignature(key.publicKey, payloadDigest(payload), sig)).toBe(true)
    }
  })
})
