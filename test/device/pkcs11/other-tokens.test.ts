import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { publicKeyHash } from '../../../src/tezos/index.js'
import { failureOf, isAlive, LABEL, Opened, PAYLOAD, workerPid, workerPids } from './rig.js'
import { Shim } from './shim.js'
import { asTokenKey, whyNoTokens } from './soft-tokens.js'

// What other tokens do and SoftHSM2 does not: a small module before it does it (shim.c).
const shim = new Shim()
const { module } = shim
const missing = whyNoTokens() || shim.whyMissing()
const opened = new Opened()
afterEach(() => opened.close())
afterAll(() => {
  shim.remove()
})

async function behaving(how: string) {
  process.env['SHIM'] = how
  const scene = await opened.ready({ module, timeoutMs: 700 })
  return { ...scene, key: publicKeyHash(scene.keys[2]!.publicKey) }
}

describe.skipIf(missing !== '')('a PKCS#11 token', () => {
  it.each(['final-try', 'locked'])('that says %s is not asked to log in', async (how) => {
    const { tokens, keys } = opened.scene()
    process.env['SHIM'] = how
    const { device } = opened.device({ keys: keys.map(asTokenKey), module, pin: 'wrong' })
    expect(await failureOf(device.firstContact(10_000))).toMatchObject({
      code: 'pin-refused',
      message: expect.stringContaining('CKF_USER_PIN_') as string,
    })
    expect(tokens.flags(LABEL)).not.toContain('count low')
  })

  it('whose module crashes in the first login is left alone', async () => {
    const { keys } = opened.scene()
    process.env['SHIM'] = 'crash-in-login'
    const { device } = opened.device({ keys: keys.map(asTokenKey), module })
    expect(await failureOf(device.firstContact(10_000))).toMatchObject({ code: 'pin-refused' })
    await device.close()
    expect(workerPids()).toEqual([])
  })

  it.each([
    ['crash-in-sign', 'device-lost', /SIGABRT/],
    ['error-in-sign', 'device-failed', /C_Sign with CKR_DEVICE_ERROR/],
    ['short-signature', 'device-failed', /63 bytes/],
    ['long-signature', 'device-failed', /72 bytes/],
    ['hang-in-sign', 'device-timeout', /700 ms/],
  ])('with a %s fails by name, is asked once, and is opened again', async (how, code, text) => {
    const { device, log, key } = await behaving(how)
    const pid = workerPid()
    const back = log.next('device.ready')
    const message = expect.stringMatching(text) as string
    expect(await failureOf(device.sign(key, PAYLOAD))).toMatchObject({ code, sent: true, message })
    process.env['SHIM'] = ''
    await back
    expect(isAlive(pid)).toBe(false)
    expect(log.count('device.command-finished')).toBe(1)
    expect(await device.sign(key, PAYLOAD)).toHaveLength(64)
  })
})
