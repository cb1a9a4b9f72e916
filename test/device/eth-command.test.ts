import { describe, expect, it } from 'vitest'
import {
  encodeInfo,
  getInfo,
  signDigest,
  signEth,
  splitBody,
  type DeviceInfo,
} from '../../src/device/tezio/index.js'
import { bytes } from './support.js'

describe('GET_INFO', () => {
  it('is one byte, and is answered with eight', () => {
    expect(getInfo.encode(undefined)).toEqual(Uint8Array.of(0x01))
    expect(getInfo.bodySizes(undefined)).toEqual([8])
  })

  it('takes 0xa2 for the stock firmware', () => {
    expect(getInfo.decode(bytes('a2'))).toEqual({
      kind: 'value',
      value: { firmware: 'stock', capabilities: [] },
    })
  })

  it.each([
    ['0101020300000000', '1.2.3', []],
    ['01ff000100000001', '255.0.1', []],
    ['010000090f000000', '0.0.9', ['eth-keccak', 'strict-prehash', 'hwm-persist', 'wrap']],
    ['0101000011000080', '1.0.0', ['eth-keccak', 'eth-provisioned']],
  ])('reads %s as firmware %s, and leaves bits out that it does not know', (body, firmware, capabilities) => {
    expect(getInfo.decode(bytes(body))).toEqual({ kind: 'value', value: { firmware, capabilities } })
  })

  it.each(['0201000003000000', 'b0', 'd4'])(
    'takes %s for firmware that it does not know, which may bake all the same',
    (body) => {
      const value = { firmware: 'unknown', capabilities: [] }
      expect(getInfo.decode(bytes(body))).toEqual({ kind: 'value', value })
    },
  )

  it('is written by a device as it is read by a host', () => {
    const info: DeviceInfo = { firmware: '3.14.255', capabilities: ['strict-prehash', 'wrap'] }
    expect(getInfo.decode(encodeInfo(info))).toEqual({ kind: 'value', value: info })
  })

  it.each(['01010000030000', '010100000300000000', ''])('does not read %s', (body) => {
    expect(getInfo.decode(bytes(body))).toMatchObject({ kind: 'malformed' })
  })
})

describe('SIGN_ETH', () => {
  it.each([
    ['eip191', 1, '1901'],
    ['eip1559', 2, '02c0'],
    ['legacy', 3, 'c0'],
    ['legacy', 3, 'f900'],
  ] as const)('asks for %s as form %i, with the secp256k1 key', (form, param2, data) => {
    expect(splitBody(signEth.encode({ form, data: bytes(data) }))).toEqual({
      ...{ opcode: 0x31, param1: 2, param2, param3: 0, data: bytes(data) },
    })
  })

  it.each([
    ['eip191', '02c0', /eip191: the data begins with 0x2, not 0x19/],
    ['eip1559', '03c0', /eip1559: the data begins with 0x3, not 0x02/],
    ['eip1559', 'c0', /not 0x02/],
    ['legacy', '02c0', /legacy: the data begins with 0x2, not 0xc0 or above/],
    ['legacy', 'bf', /not 0xc0 or above/],
    ['legacy', '', /of 0 bytes: the device takes 1 to 1015/],
    ['legacy', 'c0'.repeat(1016), /of 1016 bytes: the device takes 1 to 1015/],
  ] as const)('is not sent as %s with %s', (form, data, message) => {
    expect(() => signEth.encode({ form, data: bytes(data) })).toThrow(message)
    expect(() => signEth.encode({ form, data: bytes(data) })).toThrow(RangeError)
  })

  it('is answered with a signature or a refusal', () => {
    expect(signEth.decode(new Uint8Array(64))).toEqual({ kind: 'value', value: new Uint8Array(64) })
    expect(signEth.decode(bytes('cb'))).toMatchObject({ status: 'eth-value-above-cap', statusByte: 0xcb })
    expect(signEth.decode(new Uint8Array(65))).toEqual({ kind: 'malformed', bodyBytes: 65 })
  })
})

describe('SIGN of a digest', () => {
  const digest = (first: number) => new Uint8Array(32).fill(first, 0, 1)

  it('is mode 1 of the secp256k1 key', () => {
    expect(splitBody(signDigest.encode({ digest: digest(3) }))).toEqual({
      ...{ opcode: 0x21, param1: 2, param2: 1, param3: 0, data: digest(3) },
    })
  })

  it('is not asked for with any other first byte than 0x03, nor with another length', () => {
    for (let first = 0; first < 256; first += 1) {
      if (first !== 3) expect(() => signDigest.encode({ digest: digest(first) })).toThrow(RangeError)
    }
    for (const size of [0, 31, 33, 64]) {
      const message = new Uint8Array(size).fill(3)
      expect(() => signDigest.encode({ digest: message })).toThrow(/not 32/)
    }
  })
})
