import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { TokenProcess } from '../../../src/device/pkcs11/token-process.js'
import { monotonicClock } from '../../../src/clock.js'
import { failureOf, LABEL, Opened, PIN, TOKEN, workerPid } from './rig.js'
import { whyNoTokens, WORKER } from './soft-tokens.js'

const missing = whyNoTokens()
const opened = new Opened()
afterEach(() => opened.close())

/** CKF_SERIAL_SESSION and CKF_RW_SESSION. */
const [SERIAL, READ_WRITE] = [0x4, 0x2]
const newId = () => randomBytes(16).toString('hex')
const digestOf = () => Uint8Array.from(randomBytes(32))

describe.skipIf(missing !== '')('a token of account keys', () => {
  it('is opened again when it was taken away and put back, or its process was killed', async () => {
    const { tokens, device, log } = await opened.readyAccounts({ timeoutMs: 700 })
    const id = newId()
    const key = await device.generate(id)
    const away = log.next('device.open-failed')
    tokens.takeAway()
    expect(await failureOf(device.sign(id, digestOf()))).toMatchObject({ code: 'device-lost' })
    await away
    expect(await failureOf(device.generate(newId()))).toMatchObject({
      ...{ code: 'device-unavailable', sent: false },
    })
    const back = log.next('device.ready')
    tokens.putBack()
    await back
    expect(await device.publicKeyOf(id)).toEqual(key)
    const again = log.next('device.ready')
    const lost = log.next('device.lost')
    process.kill(workerPid(), 'SIGKILL')
    await lost
    await again
    expect(await device.sign(id, digestOf())).toHaveLength(64)
  })

  it('refuses a key whose halves belong to two, and leaves them as they are', async () => {
    const { tokens, device, log } = await opened.readyAccounts()
    const [id, other] = [newId(), newId()]
    await device.generate(id)
    await device.generate(other)
    tokens.movePublicKey(LABEL, PIN, { from: other, to: id, label: `acct:${id}` })
    const back = log.next('device.ready')
    expect(await failureOf(device.publicKeyOf(id))).toMatchObject({
      code: 'wrong-device',
      message: expect.stringMatching(new RegExp(`^the account key ${id}: .* does not verify`)) as string,
    })
    await back
    expect(await failureOf(device.generate(id))).toMatchObject({ code: 'device-refused' })
    expect(tokens.objects(LABEL, PIN).filter((one) => one.id === id)).toHaveLength(2)
  })

  it('with a wrong PIN is tried once and never again', async () => {
    const tokens = opened.tokens()
    tokens.add(LABEL, PIN)
    const { module, count } = tokens.spy()
    const { device } = opened.accounts({ module, pin: 'resigner:wrong' })
    expect(await failureOf(device.firstContact(10_000))).toMatchObject({ code: 'pin-refused' })
    expect(await failureOf(device.generate(newId()))).toMatchObject({ code: 'device-unavailable' })
    expect(await failureOf(device.ready(1000))).toMatchObject({ code: 'device-unavailable' })
    await device.close()
    expect(count('C_Login')).toBe(1)
  })

  it('is asked in a session that may write, which the process of signing keys never has', async () => {
    const tokens = opened.tokens()
    tokens.add(LABEL, PIN)
    const { module, text, count } = tokens.spy()
    const sessions = () =>
      [...text().matchAll(/: C_OpenSession\n.*\n.*\n.*flags = (0x\d)/g)].map(([, flags]) => Number(flags))
    const open = { module, token: TOKEN, pin: PIN } as const
    const start = () => {
      const child = new TokenProcess({ worker: WORKER, clock: monotonicClock, onEnd: () => undefined })
      opened.later(() => child.close())
      return child
    }
    const signing = start()
    await signing.ask({ kind: 'open', ...open, keys: [] }, 10_000)
    expect(sessions()).toEqual([SERIAL])
    for (const kind of ['generate-account', 'find-account'] as const) {
      const asked = failureOf(signing.ask({ kind, id: newId() }, 2000))
      expect(await asked).toMatchObject({ code: 'device-refused', sent: false })
    }
    expect(count('C_GenerateKeyPair')).toBe(0)
    const accounts = start()
    await accounts.ask({ kind: 'open-accounts', ...open }, 10_000)
    await accounts.ask({ kind: 'generate-account', id: newId() }, 2000)
    expect(sessions()).toEqual([SERIAL, SERIAL | READ_WRITE])
    expect(count('C_GenerateKeyPair')).toBe(1)
    const asked = failureOf(accounts.ask({ kind: 'sign', key: 0, digest: digestOf() }, 2000))
    expect(await asked).toMatchObject({ code: 'device-refused' })
  })
})
