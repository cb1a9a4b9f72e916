import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assertNever, concatBytes, equalBytes, fromHex, hexByte, toHex } from '../../src/tezos/index.js'

test('bytes are read back from their hex, in either case', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(fromHex(toHex(bytes))).toEqual(bytes)
      expect(fromHex(toHex(bytes).toUpperCase())).toEqual(bytes)
    }),
  )
})

test('F31 hex of odd length, with a prefix, spaces or other letters is refused', () => {
  for (const text of ['0', 'abc', '0x11', 'zz', ' 11', '11 ', '11\n', '1g', '１１']) {
    expect(fromHex(text)).toBeUndefined()
  }
  expect(fromHex('')).toEqual(new Uint8Array())
})

test('the hex of a view is that of its own bytes', () => {
  expect(toHex(Uint8Array.of(1, 2, 3, 4).subarray(1, 3))).toBe('0203')
})

test('one byte is written with two digits', () => {
  expect([0, 0x0a, 0xff].map(hexByte)).toEqual(['0x00', '0x0a', '0xff'])
})

test('parts are put together in order', () => {
  expect(concatBytes(Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3))).toEqual(Uint8Array.of(1, 2, 3))
  expect(concatBytes()).toEqual(new Uint8Array())
})

test('bytes are equal by length and value', () => {
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true)
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false)
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 3))).toBe(false)
  expect(equalBytes(Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2))).toBe(false)
})

test('a case that cannot be reached throws when it is', () => {
  expect(() => assertNever('surprise' as never)).toThrow('unreachable case: "surprise"')
})
