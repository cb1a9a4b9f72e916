import { computeAddress } from 'ethers'
import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { addressOfPublicKey, settleSignature, toHex0x } from '../../../src/ethereum/index.js'
import { failureOf, LABEL, Opened, PIN, TOKEN } from './rig.js'
import { asTokenKey, whyNoTokens } from './soft-tokens.js'

const missing = whyNoTokens()
const opened = new Opened()
afterEach(() => opened.close())
/** One token for those tests that leave it as it was. */
const place = new Opened()
afterAll(() => place.close())

const newId = () => randomBytes(16).toString('hex')
const digestOf = () => Uint8Array.from(randomBytes(32))
const message = (text: RegExp) => expect.stringMatching(text) as string

describe.skipIf(missing !== '')('a token of account keys', () => {
  let made: ReturnType<Opened['readyAccounts']> | undefined
  const ready = () => (made ??= place.readyAccounts())

  it('makes a key that signs, is found and listed by its id, and cannot be read', async () => {
    const { tokens, device } = await ready()
    const ids = [newId(), newId()]
    for (const id of ids) {
      const key = await device.generate(id)
      expect(addressOfPublicKey(key)).toBe(computeAddress(toHex0x(key)))
      expect(await device.publicKeyOf(id)).toEqual(key)
      for (let count = 0; count < 8; count += 1) {
        const digest = digestOf()
        expect(settleSignature(await device.sign(id, digest), digest, key)).toBeDefined()
      }
    }
    expect(await device.list()).toEqual(expect.arrayContaining(ids))
    const objects = tokens.objects(LABEL, PIN).filter(({ id }) => ids.includes(id))
    expect(objects).toHaveLength(4)
    expect(objects.map(({ id, label }) => label === `acct:${id}`)).toEqual([true, true, true, true])
    const values = objects.filter(({ isPrivate }) => isPrivate).map(({ value }) => value)
    expect(values).toEqual(Array(2).fill(message(/^CKR_ATTRIBUTE_SENSITIVE/)))
  })

  it('never makes a second key for an id, and the first one goes on', async () => {
    const { device, log } = await ready()
    const id = newId()
    const key = await device.generate(id)
    expect(await failureOf(device.generate(id))).toMatchObject({
      ...{ code: 'device-refused', sent: false },
      message: message(new RegExp(`the token has an account key ${id}, and no id is used twice`)),
    })
    expect(await device.publicKeyOf(id)).toEqual(key)
    expect(log.count('device.lost')).toBe(0)
  })

  it('names both objects by the address, which must be the address of that key', async () => {
    const { tokens, device } = await ready()
    const id = newId()
    const address = addressOfPublicKey(await device.generate(id))
    const other = addressOfPublicKey(await device.generate(newId()))
    expect(await failureOf(device.label(id, other))).toMatchObject({
      ...{ code: 'device-refused', message: message(new RegExp(`is ${address}, and not ${other}`)) },
    })
    expect(await failureOf(device.label(newId(), other))).toMatchObject({ code: 'device-refused' })
    expect(await device.label(id, address)).toBe(true)
    const labels = tokens.objects(LABEL, PIN).filter((one) => one.id === id)
    expect(labels.map(({ label }) => label)).toEqual([`acct:${address}`, `acct:${address}`])
    expect(await device.list()).toContain(id)
    expect(await device.sign(id, digestOf())).toHaveLength(64)
    expect(await failureOf(device.generate(id))).toMatchObject({ message: message(/no id is used twice/) })
  })

  it('signs 32 bytes and nothing else, for ids that it has', async () => {
    const { device } = await ready()
    const id = newId()
    await device.generate(id)
    for (const size of [0, 31, 33, 100]) {
      const asked = failureOf(device.sign(id, new Uint8Array(size)))
      expect(await asked).toMatchObject({ code: 'device-refused', sent: false })
    }
    const unknown = newId()
    expect(await device.publicKeyOf(unknown)).toBeUndefined()
    expect(await failureOf(device.sign(unknown, digestOf()))).toMatchObject({
      ...{ code: 'token-key-missing', sent: false },
      message: message(new RegExp(`the account key ${unknown}: the token has none`)),
    })
    for (const bad of ['', id.slice(1), `${id}00`, id.replace(/./, 'G'), 'AB'.repeat(16)]) {
      for (const asked of [device.generate(bad), device.publicKeyOf(bad), device.sign(bad, digestOf())]) {
        expect(await failureOf(asked)).toMatchObject({ message: message(/32 lower-case hex digits/) })
      }
    }
    expect(device.health()).toMatchObject({ state: 'ready', timesReady: 1 })
  })

  it('answers many who ask at once, one after the other', async () => {
    const { device } = await ready()
    const ids = Array.from({ length: 4 }, newId)
    const keys = await Promise.all(ids.map((id) => device.generate(id)))
    const digest = digestOf()
    const signatures = await Promise.all(ids.map((id) => device.sign(id, digest)))
    for (const [index, signature] of signatures.entries()) {
      expect(settleSignature(signature, digest, keys[index]!)).toBeDefined()
    }
  })

  it('leaves keys alone that are none of an account, whatever their id', async () => {
    const { tokens, device } = await ready()
    const [id, twice, nist] = [newId(), newId(), newId()]
    const secp256k1 = { curve: 'secp256k1', label: 'baker' } as const
    const { publicKey } = tokens.addKey(TOKEN, PIN, { ...secp256k1, id })
    await device.generate(twice)
    tokens.addKey(TOKEN, PIN, { ...secp256k1, id: twice, label: `acct:${twice}` })
    tokens.addKey(TOKEN, PIN, { curve: 'p256', id: nist, label: `acct:${nist}` })
    for (const [bad, text] of [
      [id, /another object of the token has its id/],
      [twice, /2 private and 2 public keys of the token have its id .*it must be one of each/],
      [nist, /it is a key of another curve/],
    ] as const) {
      for (const asked of [device.generate(bad), device.publicKeyOf(bad), device.sign(bad, digestOf())]) {
        expect(await failureOf(asked)).toMatchObject({ code: 'device-refused', message: message(text) })
      }
    }
    expect(await device.list()).not.toContain(id)
    const { device: signing } = opened.device({
      keys: [asTokenKey({ ...secp256k1, id, publicKey })],
    })
    await signing.firstContact(10_000)
  })

  it('sees half a key as none, and removes it only when the id is made again', async () => {
    const { tokens, device } = await ready()
    const [noPrivate, noPublic, empty] = [newId(), newId(), newId()]
    await device.generate(noPrivate)
    tokens.deleteObject(LABEL, PIN, 'privkey', noPrivate)
    await device.generate(noPublic)
    tokens.deleteObject(LABEL, PIN, 'pubkey', noPublic)
    await device.generate(empty)
    tokens.deleteObject(LABEL, PIN, 'privkey', empty)
    tokens.objects(LABEL, PIN, { id: empty, label: `acct:${empty}` })
    const before = tokens.objects(LABEL, PIN).length
    for (const id of [noPrivate, noPublic, empty]) {
      expect(await device.publicKeyOf(id)).toBeUndefined()
      const asked = failureOf(device.sign(id, digestOf()))
      expect(await asked).toMatchObject({ code: 'token-key-missing', message: message(/but half of it/) })
    }
    expect(tokens.objects(LABEL, PIN)).toHaveLength(before)
    for (const id of [noPrivate, noPublic, empty]) {
      const key = await device.generate(id)
      expect(await device.publicKeyOf(id)).toEqual(key)
      expect(tokens.objects(LABEL, PIN).filter((one) => one.id === id)).toHaveLength(2)
    }
  })

  it('never removes half a key that somebody was told of', async () => {
    const { tokens, device } = await ready()
    const id = newId()
    await device.label(id, addressOfPublicKey(await device.generate(id)))
    tokens.deleteObject(LABEL, PIN, 'pubkey', id)
    expect(await device.publicKeyOf(id)).toBeUndefined()
    expect(await failureOf(device.generate(id))).toMatchObject({
      ...{ code: 'device-refused', message: message(/the other half names an address.*a person decides/) },
    })
    expect(tokens.objects(LABEL, PIN).filter((one) => one.id === id)).toMatchObject([{ isPrivate: true }])
  })
})
