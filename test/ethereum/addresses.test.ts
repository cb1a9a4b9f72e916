import { computeAddress, getAddress, SigningKey } from 'ethers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addressOfPublicKey,
  compressedPublicKey,
  ethAddressBytes,
  parseEthAddress,
  parseEthPublicKey,
  toHex0x,
} from '../../src/ethereum/index.js'
import { bytes, golden } from './golden.js'

const { priv, pub, address } = golden.keys.eip155_46
const anySecret = fc.uint8Array({ minLength: 31, maxLength: 31 }).map((low) => Uint8Array.of(1, ...low))

describe('an address', () => {
  test('is taken in lower case and with its own checksum, and written with the checksum', () => {
    expect(parseEthAddress(address)).toBe(address)
    expect(parseEthAddress(address.toLowerCase())).toBe(address)
  })

  test.each([
    ['a wrong checksum', address.replace('d8A6', 'd8a6')],
    ['upper case', `0x${address.slice(2).toUpperCase()}`],
    ['no 0x', address.slice(2)],
    ['0X', address.replace('0x', '0X').toLowerCase().replace('0x', '0X')],
    ['a digit too few', address.slice(0, -1)],
    ['a digit too many', `${address.toLowerCase()}0`],
    ['a space', ` ${address}`],
    ['an ENS name', 'vitalik.eth'],
    ['nothing', ''],
  ])('is refused with %s', (_, text) => {
    expect(parseEthAddress(text)).toBeUndefined()
  })

  test('has the checksum that ethers writes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (raw) => {
        const written = parseEthAddress(toHex0x(raw))
        expect(written).toBe(getAddress(toHex0x(raw)))
        expect(written && ethAddressBytes(written)).toEqual(raw)
      }),
    )
  })
})

describe('a public key', () => {
  test('gives the published address from 65, 64 and 33 bytes', () => {
    const key = parseEthPublicKey(bytes(pub))
    if (key === undefined) throw new Error('not a key')
    for (const form of [bytes(pub), bytes(pub).subarray(1), compressedPublicKey(key)]) {
      const read = parseEthPublicKey(form)
      expect(read && addressOfPublicKey(read)).toBe(address)
    }
    expect(new SigningKey(priv).publicKey).toBe(toHex0x(key))
  })

  test('gives the address that ethers computes', () => {
    fc.assert(
      fc.property(anySecret, (secret) => {
        const { publicKey, compressedPublicKey: short } = new SigningKey(secret)
        const key = parseEthPublicKey(bytes(short))
        expect(key && toHex0x(key)).toBe(publicKey)
        expect(key && addressOfPublicKey(key)).toBe(computeAddress(publicKey))
      }),
      { numRuns: 30 },
    )
  })

  test.each([
    ['a point beside the curve', `${pub.slice(0, -1)}b`],
    ['63 bytes', pub.slice(0, 2 + 126)],
    ['another prefix', pub.replace('0x04', '0x05')],
    ['nothing', '0x'],
  ])('is none with %s', (_, text) => {
    expect(parseEthPublicKey(bytes(text))).toBeUndefined()
  })
})
