import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { publicKeyHash, type Curve } from '../../../src/tezos/index.js'
import { failureOf, LABEL, Opened, PAYLOAD, PIN, TOKEN } from './rig.js'
import { asTokenKey, whyNoTokens } from './soft-tokens.js'

const missing = whyNoTokens()
const opened = new Opened()
afterEach(() => opened.close())

const said = (code: string, text: RegExp) => ({ code, message: expect.stringMatching(text) as string })

describe.skipIf(missing !== '')('a PKCS#11 token is found', () => {
  it('by its label, by its serial, and never where two have the name', async () => {
    const { tokens, serial, keys } = opened.scene()
    const second = tokens.add(LABEL, PIN)
    const byLabel = opened.device({ keys: keys.map(asTokenKey) })
    expect(await failureOf(byLabel.device.firstContact(10_000))).toMatchObject(
      said(
        'token-not-found',
        new RegExp(`^2 tokens have the label "${LABEL}".*${serial}.*name it by its serial`),
      ),
    )
    const bySerial = opened.device({ keys: keys.map(asTokenKey), token: { by: 'serial', value: serial } })
    await bySerial.device.firstContact(10_000)
    expect(bySerial.device.health().path).toContain(serial)
    const other = opened.device({ keys: keys.map(asTokenKey), token: { by: 'serial', value: second } })
    expect(await failureOf(other.device.firstContact(10_000))).toMatchObject({ code: 'token-key-missing' })
  })

  it('with its own name in the refusal when it is another', async () => {
    const { serial, keys } = opened.scene()
    const { device } = opened.device({ keys: keys.map(asTokenKey), token: { by: 'label', value: 'baker' } })
    expect(await failureOf(device.firstContact(10_000))).toMatchObject(
      said(
        'token-not-found',
        new RegExp(`^0 tokens have the label "baker".*"${LABEL}" \\(serial "${serial}"\\)`),
      ),
    )
    const [key] = keys
    const refusal = await failureOf(device.sign(publicKeyHash(key!.publicKey), PAYLOAD))
    expect(refusal).toMatchObject({ code: 'device-unavailable', sent: false })
  })

  it('not in a module that is not there, or is no PKCS#11 library', async () => {
    const { tokens, keys } = opened.scene()
    const text = join(tokens.folder, 'library.so')
    writeFileSync(text, 'no library')
    for (const module of [join(tokens.folder, 'absent.so'), text, 'libm.so.6']) {
      const { device } = opened.device({ keys: keys.map(asTokenKey), module })
      expect(await failureOf(device.firstContact(10_000))).toMatchObject(
        said('module-failed', new RegExp(`^${module} cannot be loaded .*name the PKCS#11 library`)),
      )
      await device.close()
    }
  })
})

describe.skipIf(missing !== '')('a key on a PKCS#11 token', () => {
  const scene = () => {
    const tokens = opened.tokens()
    tokens.add(LABEL, PIN)
    const add = (curve: Curve, label: string, id?: string) =>
      tokens.addKey(TOKEN, PIN, { curve, label, ...(id === undefined ? {} : { id }) })
    return { tokens, add }
  }
  const contact = async (keys: Parameters<Opened['device']>[0]['keys']) => {
    const { device } = opened.device({ keys })
    const result = await failureOf(device.firstContact(10_000))
    return { device, result }
  }

  it('that is missing is named, with what was looked for', async () => {
    const { add } = scene()
    const key = asTokenKey(add('p256', 'baker', '01ab'))
    const { result } = await contact([{ ...key, label: 'bakery', id: '01ab' }])
    expect(result).toMatchObject(
      said(
        'token-key-missing',
        new RegExp(`^${key.publicKeyHash}: the token has 0 .* the label "bakery" and the id 01ab`),
      ),
    )
  })

  it('without a label or an id is not guessed, even where there is but one', async () => {
    const { add } = scene()
    const { result } = await contact([{ ...asTokenKey(add('p256', 'baker')), label: undefined }])
    expect(result).toMatchObject(said('token-key-missing', /neither a label nor an id/))
  })

  it('whose label two have needs its id', async () => {
    const { add } = scene()
    const [first, second] = [add('p256', 'baker', '01'), add('p256', 'baker', '02')]
    const { result } = await contact([asTokenKey(first)])
    expect(result).toMatchObject(said('token-key-missing', /the token has 2 private p256 keys.*give its id/))
    const both = await contact([first, second].map((key) => ({ ...asTokenKey(key), id: key.id })))
    expect(both.result).toBe('resolved')
    expect([...both.device.publicKeys().values()]).toEqual([first.publicKey, second.publicKey])
  })

  it('of another curve is not taken for it', async () => {
    const { add } = scene()
    const key = asTokenKey(add('secp256k1', 'baker'))
    for (const curve of ['p256', 'ed25519'] as const) {
      const { result } = await contact([{ ...key, curve }])
      expect(result).toMatchObject(said('token-key-missing', /has 0 private .*1 more are of another curve/))
    }
  })

  it('is refused when its address is another', async () => {
    const { add } = scene()
    const [first, second] = [add('p256', 'one'), add('p256', 'two')]
    const { result, device } = await contact([{ ...asTokenKey(first), label: 'two' }])
    expect(result).toMatchObject(said('wrong-device', new RegExp(`is ${publicKeyHash(second.publicKey)}`)))
    const asked = failureOf(device.sign(publicKeyHash(first.publicKey), PAYLOAD))
    expect(await asked).toMatchObject({ code: 'wrong-device', sent: false })
  })

  it('is refused when it signs for another public key than the one beside it', async () => {
    const { tokens, add } = scene()
    const [first, second] = [add('p256', 'one', '0a'), add('p256', 'two', '0b')]
    tokens.movePublicKey(LABEL, PIN, { from: second.id, to: first.id, label: 'one' })
    const { result } = await contact([{ ...asTokenKey(second), label: 'one' }])
    expect(result).toMatchObject(said('wrong-device', /does not verify/))
  })

  it('without a public key object needs its public key from the configuration', async () => {
    const { tokens, add } = scene()
    const pair = add('ed25519', 'baker', '0c')
    tokens.deleteObject(LABEL, PIN, 'pubkey', '0c')
    const without = await contact([asTokenKey(pair)])
    expect(without.result).toMatchObject(said('token-key-missing', /no public key object.*public_key/))
    const wrong = await contact([{ ...asTokenKey(pair), publicKey: add('ed25519', 'other').publicKey }])
    expect(wrong.result).toMatchObject({ code: 'wrong-device' })
    const right = await contact([{ ...asTokenKey(pair), publicKey: pair.publicKey }])
    expect(right.result).toBe('resolved')
    expect(await right.device.sign(publicKeyHash(pair.publicKey), PAYLOAD)).toHaveLength(64)
  })

  it('of Ed25519 is found by either form of its curve', async () => {
    const { tokens } = scene()
    const pair = tokens.addEdwardsKeyByOid(LABEL, PIN, 'oid')
    const { result } = await contact([asTokenKey(pair)])
    expect(result).toBe('resolved')
  })
})
