import { bls12_381 } from '@noble/curves/bls12-381.js'
import { describe, expect, test } from 'vitest'
import {
  authenticationKeyHash,
  decodeAuthenticationKey,
  encodeAuthenticationKey,
  encodeBase58,
  authenticationVerifier,
  type AuthenticationPublicKey,
} from '../../src/tezos/index.js'

const { longSignatures, G1 } = bls12_381
const SECRET = new Uint8Array(32).fill(9)
const KEY: AuthenticationPublicKey = {
  curve: 'bls12-381',
  bytes: longSignatures.getPublicKey(SECRET).toBytes(),
}
const TEXT = encodeBase58('BLpk', KEY.bytes)
const MESSAGE = Uint8Array.of(4, 1, 2, 3)
const DOMAIN = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_'
const signed = (domain: string, message = MESSAGE, secret = SECRET) =>
  encodeBase58('BLsig', longSignatures.sign(longSignatures.hash(message, domain), secret).toBytes())

describe('a BLpk key', () => {
  test('is read, written, and has a tz4 address', () => {
    expect(TEXT).toMatch(/^BLpk.{72}$/)
    expect(decodeAuthenticationKey(TEXT)).toEqual(KEY)
    expect(encodeAuthenticationKey(KEY)).toBe(TEXT)
    expect(authenticationKeyHash(KEY)).toMatch(/^tz4.{33}$/)
  })

  // Taken from what octez-dac-client and octez-codec print.
  test.each([
    [
      'BLpk1tsVzqCokL6dZEiCQgEvwqQp4btiHYm3A1HoEUxKUwq5jCNZMJQ7bU71QE969KioUWCKtK9F',
      'tz4Ate2Fj1QpVXBGLXioe57s3a1RUtavMS5P',
    ],
    [
      'BLpk1xQMdGocMdiiuU2pGvNMeu8vP91nNfrKk5tCssvPzP4z9EY7k5bbEisrqN3pT9vaoN2dsSiW',
      'tz4PA6aEFXbaSZXSmdTi933GQZPodn6VX8Q3',
    ],
  ])('%s has the address that Octez gives it', (text, address) => {
    const key = decodeAuthenticationKey(text)
    expect(key && authenticationKeyHash(key)).toBe(address)
  })

  test.each([
    ['zero', G1.Point.ZERO.toBytes()],
    ['no point', new Uint8Array(48).fill(0xff)],
    ['zeros', new Uint8Array(48)],
  ])('that is %s is none', (_, bytes) => {
    expect(decodeAuthenticationKey(encodeBase58('BLpk', bytes))).toBeUndefined()
  })

  test('verifies its signature over the message itself', () => {
    expect(signed(DOMAIN)).toMatch(/^BLsig.{137}$/)
    expect(authenticationVerifier(KEY)(MESSAGE, signed(DOMAIN))).toBe(true)
  })

  test.each([
    ['another message', signed(DOMAIN, Uint8Array.of(4, 1, 2, 4))],
    ['another key', signed(DOMAIN, MESSAGE, new Uint8Array(32).fill(8))],
    ['the suite of possession proofs', signed('BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_')],
    ['no point', encodeBase58('BLsig', new Uint8Array(96).fill(0xff))],
    ['the point at infinity', encodeBase58('BLsig', Uint8Array.of(0xc0, ...new Uint8Array(95)))],
    ['a generic signature', encodeBase58('sig', new Uint8Array(64))],
    ['a long text', '1'.repeat(10_000)],
  ])('takes no signature by or of %s', (_, text) => {
    expect(authenticationVerifier(KEY)(MESSAGE, text)).toBe(false)
  })
})
