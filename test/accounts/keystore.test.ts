import { ethers } from 'ethers'
import { describe, expect, test } from 'vitest'
import { openKeystore } from '../../src/accounts/keystore/keystore.js'
import { exportAccount, importAccount } from '../../src/accounts/keystore/move-account.js'
import { golden } from '../ethereum/golden.js'
import { caller, serviceBench } from './service-bench.js'
import { outcomeOf, passphrase, QUICK } from './vault/fixture.js'

const { priv, address } = golden.keys.eip155_46
const SECRET = 'a long enough secret'

/** A keystore as ethers writes it, quick to open. */
const quick = await ethers.encryptKeystoreJson({ address, privateKey: priv }, SECRET, {
  scrypt: { N: 16, r: 8, p: 1 },
})
type Plain = {
  address?: string | undefined
  version: number
  Crypto?: object
  crypto: { kdf: string; kdfparams: Record<string, unknown>; mac: string }
}
const parsed = JSON.parse(quick.replace('"Crypto"', '"crypto"')) as Plain
const changed = (parts: Partial<Plain>, crypto: object = {}, kdfparams: object = {}) =>
  JSON.stringify({
    ...{ ...parsed, ...parts },
    crypto: { ...parsed.crypto, ...crypto, kdfparams: { ...parsed.crypto.kdfparams, ...kdfparams } },
  })

describe('a keystore', () => {
  test('as ethers writes it becomes an account of its owner, which signs', async () => {
    const { service, store, vault } = await serviceBench()
    const file = { text: quick, passphrase: passphrase(SECRET), owner: 'alice' }
    expect(await importAccount({ store, vault }, file)).toMatchObject({
      outcome: 'imported',
      account: { address },
    })
    const signed = await service.sign(caller(), address, { type: 'message', message: 'x' })
    expect(signed.outcome === 'signed' && ethers.verifyMessage('x', signed.signature)).toBe(address)
    expect(outcomeOf(await importAccount({ store, vault }, file))).toBe('idempotency-conflict')
  })

  test('of an account is opened by ethers, under its new passphrase alone', async () => {
    const { store, vault, create } = await serviceBench()
    const account = await create()
    const made = await exportAccount({ store, vault }, account.address, passphrase('another long one'), QUICK)
    const text = made.outcome === 'written' ? made.text : ''
    expect((await ethers.decryptKeystoreJson(text, 'another long one')).address).toBe(account.address)
    await expect(ethers.decryptKeystoreJson(text, SECRET)).rejects.toThrow(/password/)
  })

  test('is made neither of a key in a token, nor of nobody, nor by a locked vault, nor under a short passphrase', async () => {
    const { store, vault, create } = await serviceBench()
    const [here, there] = [await create(), await create('hsm')]
    const of = async (name: string, secret = SECRET) =>
      outcomeOf(await exportAccount({ store, vault }, name, passphrase(secret), QUICK))
    expect(await of(there.address)).toBe('custody-not-configured')
    expect(await of(address)).toBe('unknown-account')
    expect(await of(here.address, 'elevenbytes')).toBe('weak-passphrase')
    vault.lock()
    expect(await of(here.address)).toBe('vault-locked')
  })

  const refusals: readonly (readonly [string, string, string])[] = [
    ['another passphrase', quick, 'vault-wrong-secret'],
    ['a changed mac', changed({}, { mac: '0'.repeat(64) }), 'vault-wrong-secret'],
    ['the address of another key', changed({ address: '0'.repeat(40) }), 'malformed-request'],
    ['no address', changed({ address: undefined }), 'malformed-request'],
    ['memory without end', changed({}, {}, { n: 2 ** 30 }), 'kdf-too-costly'],
    ['a block size without end', changed({}, {}, { r: 2 ** 25 }), 'kdf-too-costly'],
    ['threads without end', changed({}, {}, { p: 2 ** 20 }), 'kdf-too-costly'],
    [
      'rounds without end',
      changed({}, { kdf: 'pbkdf2' }, { n: undefined, c: 2 ** 31, prf: 'hmac-sha256' }),
      'kdf-too-costly',
    ],
    ['the parameters of another derivation', changed({}, { kdf: 'pbkdf2' }), 'kdf-too-costly'],
    ['a key longer than its own', changed({}, {}, { dklen: 2 ** 31 }), 'malformed-request'],
    ['another version', changed({ version: 1 }), 'malformed-request'],
    ['no JSON', 'no', 'malformed-request'],
  ]
  test.each(refusals)('with %s is refused', async (name, text, code) => {
    const secret = passphrase(name === 'another passphrase' ? 'not this one' : SECRET)
    expect(outcomeOf(await openKeystore(text, secret))).toBe(code)
  })
})
