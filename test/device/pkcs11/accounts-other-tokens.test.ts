import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { addressOfPublicKey } from '../../../src/ethereum/index.js'
import { failureOf, LABEL, Opened, PIN } from './rig.js'
import { Shim } from './shim.js'
import { whyNoTokens, type SoftTokens } from './soft-tokens.js'

// What other tokens do and SoftHSM2 does not, as in other-tokens.test.ts.
const shim = new Shim()
const { module } = shim
const missing = whyNoTokens() || shim.whyMissing()
const opened = new Opened()
afterEach(() => opened.close())
afterAll(async () => {
  await place.close()
  shim.remove()
})

const newId = () => randomBytes(16).toString('hex')
const message = (text: RegExp) => expect.stringMatching(text) as string

/** One token for all of these tests, each with keys of its own. */
const place = new Opened()
let tokens: SoftTokens | undefined

async function behaving(how: string) {
  tokens ??= makeToken()
  process.env['SHIM'] = how
  const rig = opened.accounts({ module })
  await rig.device.firstContact(10_000)
  return { tokens, ...rig }
}

function makeToken(): SoftTokens {
  const made = place.tokens()
  made.add(LABEL, PIN)
  return made
}

/** What the token has of one account. */
const objectsOf = (made: SoftTokens, id: string) => made.objects(LABEL, PIN).filter((one) => one.id === id)

describe.skipIf(missing !== '')('a token of account keys', () => {
  it('that is full says so, and half a key of it is not left there', async () => {
    const { tokens, device } = await behaving('full')
    const id = newId()
    expect(await failureOf(device.generate(id))).toMatchObject({
      ...{ code: 'device-refused', sent: true },
      message: message(/^the token is full \(CKR_DEVICE_MEMORY\), and no key was made: delete keys/),
    })
    expect(objectsOf(tokens, id)).toEqual([])
    expect(await device.publicKeyOf(id)).toBeUndefined()
    expect(device.health()).toMatchObject({ state: 'ready', timesReady: 1 })
  })

  it('that makes keys which can be read is refused, and the key is destroyed', async () => {
    const { tokens, device } = await behaving('readable')
    const id = newId()
    expect(await failureOf(device.generate(id))).toMatchObject({
      ...{ code: 'device-refused', sent: true },
      message: message(
        /^no key was made: .*CKA_EXTRACTABLE is true and must be false.*\(it was destroyed\)$/,
      ),
    })
    expect(objectsOf(tokens, id)).toEqual([])
    expect(await device.list()).not.toContain(id)
  })

  it('that keeps a key which can be read never uses it', async () => {
    const { device } = await behaving('readable-for-good')
    const id = newId()
    expect(await failureOf(device.generate(id))).toMatchObject({
      message: message(/^a key was made that is never used: .*could not be destroyed: .*CKR_FUNCTION_FAILED/),
    })
    for (const asked of [
      device.publicKeyOf(id),
      device.sign(id, Uint8Array.from(randomBytes(32))),
      device.generate(id),
    ]) {
      expect(await failureOf(asked)).toMatchObject({
        ...{ code: 'device-refused', message: message(/CKA_EXTRACTABLE is true and must be false/) },
      })
    }
  })

  it.each(['fixed-labels', 'prohibited-labels'])('with %s keeps the label of its id', async (how) => {
    const { tokens, device } = await behaving(how)
    const id = newId()
    const address = addressOfPublicKey(await device.generate(id))
    expect(await device.label(id, address)).toBe(false)
    expect(objectsOf(tokens, id).map(({ label }) => label)).toEqual([`acct:${id}`, `acct:${id}`])
    expect(await device.list()).toContain(id)
  })

  it('that cannot tell what it has is not taken for one that has nothing', async () => {
    const { tokens, device, log } = await behaving('')
    const id = newId()
    const key = await device.generate(id)
    await device.close()
    process.env['SHIM'] = 'vague-point'
    const vague = opened.accounts({ module })
    await vague.device.firstContact(10_000)
    const back = vague.log.next('device.ready')
    expect(await failureOf(vague.device.publicKeyOf(id))).toMatchObject({
      ...{ code: 'device-failed', message: message(/C_GetAttributeValue with CKR_DEVICE_ERROR/) },
    })
    await back
    expect(await failureOf(vague.device.generate(id))).toMatchObject({ code: 'device-failed' })
    await vague.device.close()
    expect(objectsOf(tokens, id)).toHaveLength(2)
    process.env['SHIM'] = ''
    const clear = opened.accounts({ module })
    await clear.device.firstContact(10_000)
    expect(await clear.device.publicKeyOf(id)).toEqual(key)
    expect(log.count('device.lost')).toBe(0)
  })

  it.each([
    ['crash-after-public', 1, false],
    ['crash-after-private', 1, false],
    ['crash-after-pair', 2, true],
  ])('whose module dies in the middle (%s) leaves %i objects', async (how, objects, isWhole) => {
    const { tokens, device, log } = await behaving(how)
    const id = newId()
    const back = log.next('device.ready')
    process.env['SHIM'] = ''
    expect(await failureOf(device.generate(id))).toMatchObject({ code: 'device-lost', sent: true })
    await back
    expect(objectsOf(tokens, id)).toHaveLength(objects)
    const found = await device.publicKeyOf(id)
    expect(found !== undefined).toBe(isWhole)
    const again = await failureOf(device.generate(id))
    if (isWhole) expect(again).toMatchObject({ message: message(/no id is used twice/) })
    else expect(again).toBe('resolved')
    expect(objectsOf(tokens, id)).toHaveLength(2)
  })
})
