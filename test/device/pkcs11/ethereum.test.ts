import { recoverAddress, Signature as EthersSignature } from 'ethers'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { addressOfPublicKey, settleSignature, signatureBytes, toHex0x } from '../../../src/ethereum/index.js'
import { publicKeyFromRaw, publicKeyHash } from '../../../src/tezos/index.js'
import { failureOf, LABEL, Opened, PAYLOAD, PIN, TOKEN } from './rig.js'
import { asEthereumKey, asTokenKey, whyNoTokens, type NewKey } from './soft-tokens.js'

const missing = whyNoTokens()
const opened = new Opened()
afterEach(() => opened.close())
afterAll(() => place.close())

const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n
const digestOf = () => Uint8Array.from(randomBytes(32))

/** One token for all of these tests: with one key for each role, and whatever they add. */
const place = new Opened()
let made: Scene | undefined
type Scene = ReturnType<typeof makeScene>

function makeScene() {
  const tokens = place.tokens()
  tokens.add(LABEL, PIN)
  const add = (label: string, more: Partial<NewKey> = {}) =>
    tokens.addKey(TOKEN, PIN, { curve: 'secp256k1', label, ...more })
  const [baker, pair] = [add('baker'), add('claims')]
  return { tokens, add, baker: asTokenKey(baker), pair, claims: asEthereumKey(pair) }
}

function scene(): Scene {
  made ??= makeScene()
  return made
}

async function ready() {
  const { baker, claims } = scene()
  const rig = opened.device({ keys: [baker], ethereumKeys: [claims] })
  await rig.device.firstContact(10_000)
  return { ...scene(), ...rig }
}

/** Why a device is not ready; `resolved` where it is. */
async function refusalOf(options: Parameters<Opened['device']>[0]) {
  const { device } = opened.device(options)
  const refusal = await failureOf(device.firstContact(10_000))
  await device.close()
  return refusal
}

describe.skipIf(missing !== '')('an Ethereum key on a PKCS#11 token', () => {
  it('signs digests from which its address is recovered, whether S is high or low', async () => {
    const { device, claims } = await ready()
    const key = device.ethereumKeyOf(claims.address)!
    expect(addressOfPublicKey(key)).toBe(claims.address)
    const seen = { high: 0, low: 0 }
    for (let count = 0; count < 64; count += 1) {
      const digest = digestOf()
      const raw = await device.signDigest(claims.address, digest)
      expect(raw).toHaveLength(64)
      seen[BigInt(toHex0x(raw.subarray(32))) > HALF_ORDER ? 'high' : 'low'] += 1
      const signature = settleSignature(raw, digest, key)
      expect(signature).toBeDefined()
      const whole = EthersSignature.from(toHex0x(signatureBytes(signature!)))
      expect(recoverAddress(digest, whole)).toBe(claims.address)
    }
    expect(seen.high).toBeGreaterThan(0)
    expect(seen.low).toBeGreaterThan(0)
  })

  it('signs 32 bytes and nothing else, and nothing for Tezos', async () => {
    const { device, log, claims, pair, baker, add } = await ready()
    for (const size of [0, 31, 33, 64, 100]) {
      const asked = failureOf(device.signDigest(claims.address, new Uint8Array(size)))
      expect(await asked).toMatchObject({ code: 'device-refused', sent: false })
    }
    expect(log.count('device.command-finished')).toBe(0)
    expect([...device.publicKeys().keys()]).toEqual([baker.publicKeyHash])
    const asTezos = publicKeyHash(pair.publicKey)
    expect(await failureOf(device.sign(asTezos, PAYLOAD))).toMatchObject({ code: 'device-refused' })
    const other = asEthereumKey(add('other'))
    expect(device.ethereumKeyOf(other.address)).toBeUndefined()
    expect(await failureOf(device.signDigest(other.address, digestOf()))).toMatchObject({
      ...{ code: 'device-refused', sent: false },
      message: expect.stringContaining(other.address) as string,
    })
  })

  it('is refused by its own address when the configured one is another', async () => {
    const { add, claims } = scene()
    const other = asEthereumKey(add('another'))
    expect(await refusalOf({ keys: [], ethereumKeys: [{ ...claims, label: 'another' }] })).toMatchObject({
      code: 'wrong-device',
      message: expect.stringMatching(
        new RegExp(`^${claims.address}: .* is ${other.address}: correct the label or id`),
      ) as string,
    })
  })

  it('is refused when it is of another curve, there twice, not there, or without its public key', async () => {
    const { tokens, add, claims } = scene()
    add('nist', { curve: 'p256' })
    add('twice')
    add('twice')
    tokens.deleteObject(LABEL, PIN, 'pubkey', add('alone').id)
    for (const [label, text] of [
      ['nist', /has 0 private secp256k1 keys .*1 more are of another curve/],
      ['twice', /has 2 private secp256k1 keys .*give its id/],
      ['absent', /has 0 private secp256k1 keys with the label "absent"/],
      ['alone', /no public key object for it: put it there/],
    ] as const) {
      expect(await refusalOf({ keys: [], ethereumKeys: [{ ...claims, label }] })).toMatchObject({
        code: 'token-key-missing',
        message: expect.stringMatching(text) as string,
      })
    }
  })

  it('is refused when it signs for another public key than the one beside it', async () => {
    const { tokens, add } = scene()
    const [first, second] = [add('one', { id: '0a' }), add('two', { id: '0b' })]
    tokens.movePublicKey(LABEL, PIN, { from: second.id, to: first.id, label: 'one' })
    const { address } = asEthereumKey(second)
    expect(await refusalOf({ keys: [], ethereumKeys: [{ address, label: 'one' }] })).toMatchObject({
      code: 'wrong-device',
      message: expect.stringMatching(new RegExp(`^${address}: .*does not verify`)) as string,
    })
  })

  it('that signs for Tezos as well is refused, by whatever name the two are found', async () => {
    const { add, baker } = scene()
    const both = add('both', { id: '0b07' })
    const { publicKeyHash: pkh, curve } = asTokenKey(both)
    const tezos = { publicKeyHash: pkh, curve }
    const { address } = asEthereumKey(both)
    const refusal = {
      code: 'token-key-missing',
      message: expect.stringMatching(
        new RegExp(`^${address} and ${pkh} are one key .*a key is tezos or ethereum, never both`),
      ) as string,
    }
    for (const [one, other] of [
      [{ label: 'both' }, { label: 'both' }],
      [{ label: 'both' }, { id: '0b07' }],
    ] as const) {
      const keys = [baker, { ...tezos, ...one }]
      expect(await refusalOf({ keys, ethereumKeys: [{ address, ...other }] })).toMatchObject(refusal)
    }
  })

  it('is refused when its secret is there a second time, for Tezos', async () => {
    const { tokens } = scene()
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    tokens.importKey(LABEL, PIN, pem, { id: 'c1', label: 'first' })
    tokens.importKey(LABEL, PIN, pem, { id: 'c2', label: 'second' })
    const { x, y } = publicKey.export({ format: 'jwk' })
    const [left, right] = [x, y].map((part) => Buffer.from(part ?? '', 'base64url'))
    const raw = publicKeyFromRaw('secp256k1', Uint8Array.from([...left!, ...right!]))!
    const pair = { curve: 'secp256k1', label: 'first', id: 'c1', publicKey: raw } as const
    const keys = [asTokenKey(pair)]
    const ethereumKeys = [{ ...asEthereumKey(pair), label: 'second' }]
    expect(await refusalOf({ keys, ethereumKeys })).toMatchObject({
      code: 'token-key-missing',
      message: expect.stringContaining('never both') as string,
    })
    expect(await refusalOf({ keys, ethereumKeys: [] })).toBe('resolved')
  })

  it('never is the key of an account', async () => {
    const { add, claims } = scene()
    const account = add('acct:somebody', { id: 'aa' })
    for (const options of [
      { keys: [], ethereumKeys: [{ address: asEthereumKey(account).address, id: 'aa' }] },
      { keys: [{ ...asTokenKey(account), label: undefined, id: 'aa' }], ethereumKeys: [claims] },
    ]) {
      expect(await refusalOf(options)).toMatchObject({
        code: 'token-key-missing',
        message: expect.stringMatching(/is the key of an account \(label "acct:somebody"\)/) as string,
      })
    }
  })

  it('signs again when its token was taken away and put back', async () => {
    const { tokens, device, log, claims } = await ready()
    const away = log.next('device.open-failed')
    tokens.takeAway()
    const asked = failureOf(device.signDigest(claims.address, digestOf()))
    expect(await asked).toMatchObject({ code: 'device-lost' })
    await away
    expect(await failureOf(device.signDigest(claims.address, digestOf()))).toMatchObject({
      ...{ code: 'device-unavailable', sent: false },
    })
    expect(device.ethereumKeyOf(claims.address)).toBeDefined()
    const back = log.next('device.ready')
    tokens.putBack()
    await back
    expect(await device.signDigest(claims.address, digestOf())).toHaveLength(64)
  })

  it('never makes a block wait for more than the one digest that is being signed', async () => {
    const { device, claims, baker } = await ready()
    const order: string[] = []
    const digests = Array.from({ length: 20 }, (_, index) =>
      device.signDigest(claims.address, digestOf()).then(() => order.push(`digest ${index}`)),
    )
    const block = device.sign(baker.publicKeyHash, PAYLOAD).then(() => order.push('block'))
    const second = failureOf(device.sign(baker.publicKeyHash, PAYLOAD))
    expect(await second).toMatchObject({ code: 'device-busy', sent: false })
    await Promise.all([...digests, block])
    expect(order.slice(0, 3)).toEqual(['digest 0', 'block', 'digest 1'])
    expect(order).toHaveLength(21)
  })
})
