import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import {
  normaliseSignature,
  payloadDigest,
  publicKeyHash,
  verifierOf,
  verifySignature,
} from '../../../src/tezos/index.js'
import { TokenProcess } from '../../../src/device/pkcs11/token-process.js'
import { monotonicClock } from '../../../src/clock.js'
import { LABEL, Opened, PAYLOAD, PIN, TOKEN, failureOf } from './rig.js'
import { asTokenKey, whyNoTokens, WORKER } from './soft-tokens.js'

const missing = whyNoTokens()
const opened = new Opened()
afterEach(() => opened.close())

describe.skipIf(missing !== '')('a PKCS#11 token signs', () => {
  it('every payload with every curve, and each signature verifies', async () => {
    const { device, keys, serial } = await opened.ready()
    const verifiers = keys.map(({ publicKey }) => verifierOf(publicKey))
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 2000 }),
        fc.nat({ max: 2 }),
        async (payload, at) => {
          const { curve, publicKey } = keys[at]!
          const signature = await device.sign(publicKeyHash(publicKey), payload)
          expect(signature).toHaveLength(64)
          const verify = verifiers[at]!
          expect(verify(payloadDigest(payload), normaliseSignature(curve, signature))).toBe(true)
        },
      ),
      { numRuns: 120 },
    )
    expect(device.health()).toMatchObject({
      ...{ state: 'ready', simulated: false, lastError: undefined, timesReady: 1 },
      path: `token "${LABEL}", serial "${serial}"`,
    })
    expect([...device.publicKeys()]).toEqual(
      keys.map(({ publicKey }) => [publicKeyHash(publicKey), publicKey]),
    )
  })

  it('with a high S too, which the host makes low before a client sees it', async () => {
    const { device, keys } = await opened.ready()
    const { publicKey } = keys.find(({ curve }) => curve === 'secp256k1')!
    const digest = payloadDigest(PAYLOAD)
    const high = await (async () => {
      for (let attempt = 0; attempt < 64; attempt += 1) {
        const signature = await device.sign(publicKeyHash(publicKey), PAYLOAD)
        if (!verifySignature(publicKey, digest, signature)) return signature
      }
      throw new Error('no high S in 64 signatures')
    })()
    expect(verifySignature(publicKey, digest, normaliseSignature('secp256k1', high))).toBe(true)
  })

  it('one payload at a time, and says so', async () => {
    const { device, keys, log } = await opened.ready()
    const key = publicKeyHash(keys[0]!.publicKey)
    const first = device.sign(key, PAYLOAD)
    expect(device.health().state).toBe('busy')
    expect(await failureOf(device.sign(key, PAYLOAD))).toMatchObject({ code: 'device-busy', sent: false })
    expect(await first).toHaveLength(64)
    expect(await device.sign(key, PAYLOAD)).toHaveLength(64)
    expect(log.events.slice(2).map((event) => [event.event, 'outcome' in event && event.outcome])).toEqual([
      ['device.command-finished', 'answered'],
      ['device.command-finished', 'answered'],
    ])
  })

  it('for no key that is not configured', async () => {
    const { tokens, keys } = opened.scene()
    const other = tokens.addKey(TOKEN, PIN, { curve: 'p256', label: 'other' })
    const { device } = opened.device({ keys: keys.map(asTokenKey) })
    await device.firstContact(10_000)
    const refusal = await failureOf(device.sign(publicKeyHash(other.publicKey), PAYLOAD))
    expect(refusal).toMatchObject({ code: 'device-refused', sent: false })
    expect(device.health().state).toBe('ready')
  })

  it('32 bytes and nothing else: what a token would cut never reaches it', async () => {
    const { tokens, keys } = opened.scene()
    const spy = tokens.spy()
    const { module, count, text } = spy
    const process = new TokenProcess({ worker: WORKER, clock: monotonicClock, onEnd: () => undefined })
    opened.later(() => process.close())
    const queries = keys.map(({ label, curve }) => ({ name: label, curve, label, id: undefined }))
    await process.ask({ kind: 'open', module, token: TOKEN, pin: PIN, keys: queries }, 10_000)
    for (const size of [0, 31, 33, 64, 100]) {
      for (const key of keys.keys()) {
        const asked = process.ask({ kind: 'sign', key, digest: new Uint8Array(size) }, 2000)
        expect(await failureOf(asked)).toMatchObject({ code: 'device-refused', sent: false })
      }
    }
    expect([count('C_SignInit'), count('C_Sign')]).toEqual([0, 0])
    expect(await process.ask({ kind: 'sign', key: 2, digest: new Uint8Array(32) }, 2000)).toMatchObject({
      kind: 'signed',
    })
    // the spy did see what was let through
    expect([count('C_SignInit'), count('C_Sign')]).toEqual([1, 1])
    expect(text()).toContain('CKM_ECDSA')
  })
})
