import bs58check from 'bs58check'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, decodeBase58, encodeBase58, type Base58Form } from '../../src/tezos/index.js'
import { filled } from './build-payload.js'
import { hex } from './golden-data.js'

const ADDRESS = 'tz3jKsrLgvfJWNjbxd1D5bv1Qy8VjtJgNkVn'

/** Payload bytes and text length of each form, from octez `base58.ml:378-478`. */
const FORMS = [
  ['tz1', 20, 36],
  ['tz2', 20, 36],
  ['tz3', 20, 36],
  ['tz4', 20, 36],
  ['edpk', 32, 54],
  ['sppk', 33, 55],
  ['p2pk', 33, 55],
  ['BLpk', 48, 76],
  ['edsig', 64, 99],
  ['spsig1', 64, 99],
  ['p2sig', 64, 98],
  ['sig', 64, 96],
  ['Net', 4, 15],
] as const
const ALL = FORMS.map(([form]) => form)

describe.each(FORMS)('the form %s', (form: Base58Form, size, textLength) => {
  test('is read back as written, begins with its letters and has its length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: size, maxLength: size }), (payload) => {
        const text = encodeBase58(form, payload)
        expect(text.startsWith(form)).toBe(true)
        expect(text).toHaveLength(textLength)
        expect(decodeBase58(text, ALL)).toEqual({ form, payload })
      }),
      { numRuns: 50 },
    )
  })

  test('is not read as another form', () => {
    const text = encodeBase58(form, filled(size))
    expect(
      decodeBase58(
        text,
        ALL.filter((other) => other !== form),
      ),
    ).toBeUndefined()
    expect(decodeBase58(text, [])).toBeUndefined()
  })

  test('is not written from a payload of another size', () => {
    expect(() => encodeBase58(form, filled(size + 1))).toThrow(`${form} takes ${size} bytes, not ${size + 1}`)
    expect(() => encodeBase58(form, filled(size - 1))).toThrow(RangeError)
  })
})

describe('text that is refused', () => {
  test('with any one letter changed, left out or doubled', () => {
    for (let at = 0; at < ADDRESS.length; at++) {
      const changed = ADDRESS[at] === '2' ? '3' : '2'
      for (const middle of [changed, '', ADDRESS.slice(at, at + 1).repeat(2)]) {
        expect(decodeBase58(ADDRESS.slice(0, at) + middle + ADDRESS.slice(at + 1), ALL)).toBeUndefined()
      }
    }
  })

  test('with spaces, letters outside the alphabet, or letters that only look the same in one byte', () => {
    const wide = ADDRESS.replace('K', String.fromCharCode('K'.charCodeAt(0) + 0x100))
    for (const text of [
      '',
      ' ',
      ` ${ADDRESS}`,
      `${ADDRESS} `,
      `${ADDRESS}\n`,
      `1${ADDRESS}`,
      wide,
      'tz30OIl',
      'é',
    ]) {
      expect(decodeBase58(text, ALL)).toBeUndefined()
    }
  })

  test.each([
    ['06a19f', 19],
    ['06a19f', 21],
    ['0d0f25d9', 31],
    ['03fee256', 32],
    ['09f5cd8612', 63],
    ['575200', 3],
    ['575200', 5],
    ['06a19f', 0],
    ['', 0],
  ])('with the prefix %s and a right checksum, but %i bytes', (prefix, size) => {
    const text = bs58check.encode(concatBytes(hex(prefix), filled(size)))
    expect(decodeBase58(text, ALL)).toBeUndefined()
  })

  test('of a form that is not known here', () => {
    expect(decodeBase58('KT1AEMUQC1yJz2sRPNPpLHVMGCzroYGe1C1ea', ALL)).toBeUndefined()
    expect(decodeBase58(bs58check.encode(concatBytes(hex('06a1a9'), filled(20))), ALL)).toBeUndefined()
  })

  test('longer than any form, without the work of decoding it', () => {
    expect(decodeBase58('2'.repeat(100), ALL)).toBeUndefined()
    expect(decodeBase58('2'.repeat(5_000_000), ALL)).toBeUndefined()
  })

  test('whatever it is: nothing throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (text) => {
        expect(decodeBase58(text, ALL)).toBeUndefined()
      }),
      { numRuns: 1000 },
    )
  })
})
