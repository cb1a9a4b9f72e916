import { writeFileSync, readFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { checkPinFlags } from '../../../src/device/pkcs11/find-token.js'
import { loginFailure } from '../../../src/device/pkcs11/cryptoki-error.js'
import { publicKeyHash } from '../../../src/tezos/index.js'
import { StandingClock } from '../support.js'
import { failureOf, LABEL, Opened, PAYLOAD, workerPids } from './rig.js'
import { asTokenKey, whyNoTokens } from './soft-tokens.js'

const missing = whyNoTokens()
const opened = new Opened()
afterEach(() => opened.close())

/** Longer than any wait between two attempts. */
const LONG_MS = 60_000

describe.skipIf(missing !== '')('a PIN', () => {
  it('that is wrong is tried once and never again, whatever time goes by', async () => {
    const { tokens, keys } = opened.scene()
    const { module, count } = tokens.spy()
    expect(tokens.flags(LABEL)).not.toContain('count low')
    const { device, log } = opened.device({
      keys: keys.map(asTokenKey),
      pin: 'resigner:wrong',
      module,
    })
    expect(await failureOf(device.firstContact(10_000))).toMatchObject({
      code: 'pin-refused',
      message: expect.stringMatching(/CKR_PIN_INCORRECT.*set the right PIN/) as string,
    })
    expect(tokens.flags(LABEL)).toContain('count low')
    // far longer than the first wait between two attempts, and another device works in this time
    const refusedAt = performance.now()
    while (performance.now() - refusedAt < 1500) {
      const other = opened.device({ keys: keys.map(asTokenKey) })
      await other.device.firstContact(10_000)
      await other.device.close()
    }
    expect(device.health()).toMatchObject({ state: 'closed', lastError: { code: 'pin-refused' } })
    expect(workerPids()).toEqual([])
    expect(count('C_Login')).toBe(1)
    expect(log.events.map(({ event }) => event)).toEqual(['device.open-failed'])
    const refusal = await failureOf(device.sign(publicKeyHash(keys[0]!.publicKey), PAYLOAD))
    expect(refusal).toMatchObject({ code: 'device-unavailable', sent: false })
    expect(await failureOf(device.ready(1000))).toMatchObject({ code: 'device-unavailable' })
  })

  it('that is right is asked for once for each time that the token is opened', async () => {
    const { tokens, keys } = opened.scene()
    const { module, count } = tokens.spy()
    const { device } = opened.device({ keys: keys.map(asTokenKey), module })
    await device.firstContact(10_000)
    for (const { publicKey } of keys) await device.sign(publicKeyHash(publicKey), PAYLOAD)
    expect(count('C_Login')).toBe(1)
  })
})

describe('a login', () => {
  const refusals = ['INCORRECT', 'LOCKED', 'EXPIRED', 'INVALID', 'LEN_RANGE'].map((name) => `CKR_PIN_${name}`)
  it.each(refusals)('that ends with %s is not tried again', (name) => {
    expect(loginFailure(new Error(`${name}:160`))).toMatchObject({ code: 'pin-refused' })
  })

  it('that fails for another reason may be tried again', () => {
    expect(loginFailure(new Error('CKR_FUNCTION_FAILED:6'))).toMatchObject({ code: 'device-failed' })
  })

  it('is not even tried where a wrong PIN would lock the token, or it is locked', () => {
    const [initialised, countLow, finalTry, locked] = [0x400, 0x10000, 0x20000, 0x40000]
    for (const flags of [initialised, initialised | countLow]) {
      expect(() => {
        checkPinFlags(flags)
      }).not.toThrow()
    }
    for (const flags of [finalTry, locked, initialised | countLow | finalTry]) {
      expect(() => {
        checkPinFlags(flags)
      }).toThrow(expect.objectContaining({ code: 'pin-refused' }))
    }
  })

  it.each([
    ['crashes', 'process.exit(3)'],
    ['never comes back', 'for (;;);'],
  ])('in which the module %s is not tried again, for it may have been counted', async (_, end) => {
    const tokens = opened.tokens()
    const starts = join(tokens.folder, 'starts')
    const program = join(tokens.folder, 'worker.mjs')
    // stands for a module: what it does in C_Login cannot be had from a real one
    writeFileSync(
      program,
      `import { appendFileSync } from 'node:fs'
       process.on('message', () => {
         process.send({ kind: 'login-begins' }, () => {
           appendFileSync(${JSON.stringify(starts)}, 'started\\n')
           ${end}
         })
       })`,
    )
    const clock = new StandingClock()
    const { device } = opened.device({ keys: [], worker: pathToFileURL(program), clock })
    const contact = failureOf(device.firstContact(LONG_MS * 100))
    await opened.until(() => existsSync(starts))
    // what was sent before that is read in the next turn of the event loop; only then may the deadline come
    for (let turn = 0; turn < 5; turn += 1) await setImmediate()
    await opened.advanceUntil(clock, () => device.health().state === 'closed')
    expect(await contact).toMatchObject({
      code: 'pin-refused',
      message: expect.stringContaining('not answered') as string,
    })
    await opened.advanceUntil(clock, () => workerPids().length === 0)
    clock.advance(LONG_MS)
    await device.close()
    expect(readFileSync(starts, 'utf8')).toBe('started\n')
  })
})
