import { describe, expect, it } from 'vitest'
import { KEY_FORMAT, joinBody, MODE, OPCODE, statusByte } from '../../src/device/tezio/index.js'
import {
  concatBytes,
  encodeSignature,
  payloadDigest,
  verifySignature,
  type Curve,
} from '../../src/tezos/index.js'
import type { Status } from '../../hw-sim/index.js'
import { bench, block, hex, TEST_KEYS, vote } from './bench.js'

const P256 = 3
const ATTESTATION = 0x13

const refused = (status: Status) => Uint8Array.of(statusByte(status))
const isSigned = (body: Uint8Array) => body.length === 64

describe('watermark refusals', () => {
  it('are sent as 0xD4 by stock and as 0xA3 by fixed', () => {
    for (const [profile, status] of [
      ['stock', 'packet-parsed'],
      ['fixed', 'watermark-refused'],
    ] as const) {
      const { sign } = bench({ profile })
      expect(isSigned(sign(P256, vote(ATTESTATION, 5, 0)))).toBe(true)
      expect(sign(P256, vote(ATTESTATION, 4, 9))).toEqual(refused(status))
    }
  })

  it.each(['stock', 'fixed'] as const)('hit identical bytes too, and another chain (%s)', (profile) => {
    const { sign } = bench({ profile })
    expect(isSigned(sign(P256, vote(ATTESTATION, 5, 1)))).toBe(true)
    expect(sign(P256, vote(ATTESTATION, 5, 1))).toHaveLength(1)
    expect(sign(P256, vote(ATTESTATION, 5, 1, 0x0d61a9))).toHaveLength(1)
    expect(isSigned(sign(P256, vote(ATTESTATION, 5, 2)))).toBe(true)
  })

  it('compare as unsigned 32-bit numbers', () => {
    const { sign, device } = bench()
    expect(isSigned(sign(P256, vote(ATTESTATION, 0x7fffffff, 0xffffffff)))).toBe(true)
    expect(isSigned(sign(P256, vote(ATTESTATION, 0x80000000, 0)))).toBe(true)
    expect(sign(P256, vote(ATTESTATION, 0x7fffffff, 0))).toEqual(refused('packet-parsed'))
    expect(device.marks()).toEqual([{ alias: P256, magicByte: ATTESTATION, level: 0x80000000, round: 0 }])
  })

  it('hit level 0 and round 0 on a device that has just started', () => {
    const { sign } = bench()
    expect(sign(P256, vote(ATTESTATION, 0, 0))).toEqual(refused('packet-parsed'))
    expect(isSigned(sign(P256, vote(ATTESTATION, 0, 1)))).toBe(true)
  })

  it('are kept apart by kind and by key, and forgotten by a reboot', () => {
    const policy = { auth: { magicBytes: [ATTESTATION] } }
    const { sign, device } = bench({ policy })
    expect(isSigned(sign(P256, vote(ATTESTATION, 5, 0)))).toBe(true)
    expect(isSigned(sign(P256, vote(0x12, 5, 0)))).toBe(true)
    expect(isSigned(sign(P256, block(5, 0)))).toBe(true)
    expect(isSigned(sign(0, vote(ATTESTATION, 5, 0)))).toBe(true)
    expect(device.marks()).toHaveLength(4)
    device.reboot()
    expect(device.marks()).toEqual([])
    expect(isSigned(sign(P256, vote(ATTESTATION, 5, 0)))).toBe(true)
  })
})

describe('a mark', () => {
  it('is raised by stock although policy refuses, and not by fixed', () => {
    const stock = bench()
    expect(stock.sign(1, vote(ATTESTATION, 5, 0))).toEqual(refused('magic-byte-not-enabled'))
    expect(stock.sign(1, vote(ATTESTATION, 5, 0))).toEqual(refused('packet-parsed'))
    const fixed = bench({ profile: 'fixed' })
    expect(fixed.sign(1, vote(ATTESTATION, 5, 0))).toEqual(refused('magic-byte-not-enabled'))
    expect(fixed.sign(1, vote(ATTESTATION, 5, 0))).toEqual(refused('magic-byte-not-enabled'))
    expect(fixed.device.marks()).toEqual([])
  })

  it("takes a block's round from the end of its fitness", () => {
    const { sign, device } = bench()
    for (const [level, fitnessLength] of [
      [7, 24],
      [8, 28],
      [9, 4],
    ] as const) {
      expect(isSigned(sign(P256, block(level, 3, fitnessLength)))).toBe(true)
      expect(device.marks()).toEqual([{ alias: P256, magicByte: 0x11, level, round: 3 }])
    }
  })

  it('reads bytes that were not sent as zeros on stock; fixed refuses such payloads', () => {
    const short = vote(ATTESTATION, 5, 9).slice(0, 44)
    const stock = bench()
    expect(isSigned(stock.sign(P256, short))).toBe(true)
    expect(stock.device.marks()).toEqual([{ alias: P256, magicByte: ATTESTATION, level: 5, round: 0 }])
    const lying = block(6, 2)
    new DataView(lying.buffer).setUint32(83, 5000)
    expect(isSigned(stock.sign(P256, lying))).toBe(true)
    const fixed = bench({ profile: 'fixed' })
    expect(fixed.sign(P256, short)).toEqual(refused('data-invalid'))
    expect(fixed.sign(P256, lying)).toEqual(refused('data-invalid'))
    expect(fixed.device.marks()).toEqual([])
  })
})

describe('magic bytes outside the policy table', () => {
  const allowed = (alias: number, profile: 'stock' | 'fixed') => {
    const { sign } = bench({ profile })
    const bytes = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte < 0x11 || byte > 0x13)
    return bytes.filter((byte) => isSigned(sign(alias, Uint8Array.of(byte, 1, 2))))
  }
  const ranges = (bytes: readonly number[]) =>
    bytes.reduce<[number, number][]>((sofar, byte) => {
      const last = sofar.at(-1)
      if (last?.[1] === byte - 1) last[1] = byte
      else sofar.push([byte, byte])
      return sofar
    }, [])

  // 0x14 to 0x35 is the key's own command table, 0x38 and 0x6d are the transfer entries of the next two keys, 0x46
  // or 0x7b begins at the consensus entries of alias 3; 0x00 is the last command entry of the key before.
  it.each([
    [
      0,
      [
        [0x03, 0x03],
        [0x14, 0x35],
        [0x38, 0x38],
        [0x49, 0x6a],
        [0x6d, 0x6d],
        [0x7e, 0x9f],
        [0xa2, 0xa2],
        [0xb0, 0xd4],
      ],
    ],
    [
      1,
      [
        [0x00, 0x00],
        [0x03, 0x03],
        [0x14, 0x35],
        [0x38, 0x38],
        [0x49, 0x6a],
        [0x6d, 0x6d],
        [0x7b, 0x9f],
      ],
    ],
    [
      2,
      [
        [0x00, 0x00],
        [0x03, 0x03],
        [0x14, 0x35],
        [0x38, 0x38],
        [0x46, 0x6a],
      ],
    ],
    [
      3,
      [
        [0x00, 0x00],
        [0x03, 0x03],
        [0x14, 0x35],
      ],
    ],
  ])('read the memory around it on stock (alias %i)', (alias, expected) => {
    expect(ranges(allowed(alias, 'stock'))).toEqual(expected)
  })

  it('are refused by fixed', () => {
    for (const alias of [0, 1, 2, 3]) expect(allowed(alias, 'fixed')).toEqual([0x03])
  })
})

describe('prehashed modes', () => {
  const digest = (first: number) => concatBytes(Uint8Array.of(first), new Uint8Array(31).fill(7))

  it("take the digest's first byte for the magic byte on stock", () => {
    const { sign } = bench()
    const signature = sign(P256, digest(0x03), MODE.prehashedRaw)
    expect(verifySignature(TEST_KEYS.p256.publicKey, digest(0x03), signature)).toBe(true)
    expect(sign(P256, digest(0x02), MODE.prehashedRaw)).toEqual(refused('magic-byte-not-enabled'))
    expect(sign(P256, digest(0x13), MODE.prehashedRaw)).toEqual(refused('packet-parsed'))
  })

  it('are refused by fixed on every key', () => {
    const { sign } = bench({ profile: 'fixed' })
    for (const alias of [0, 1, 2, 3]) {
      expect(sign(alias, digest(0x03), MODE.prehashedRaw)).toEqual(refused('param2-invalid'))
      expect(sign(alias, digest(0x03), MODE.prehashedBase58)).toEqual(refused('param2-invalid'))
    }
  })
})

describe('signatures', () => {
  const TRANSFER = hex('03616263')

  it('have a low S on secp256k1, either S on P-256, fresh nonces on both, and none on Ed25519', () => {
    const { sign } = bench()
    const many = (alias: number) => Array.from({ length: 32 }, () => sign(alias, TRANSFER))
    const distinct = (signatures: Uint8Array[]) => new Set(signatures.map((bytes) => bytes.join())).size
    expect(many(2).every((signature) => signature[32]! < 0x80)).toBe(true)
    expect(new Set(many(3).map((signature) => signature[32]! >= 0x80)).size).toBe(2)
    expect([1, 2, 3].map((alias) => distinct(many(alias)))).toEqual([1, 32, 32])
  })

  it('of another curve, or of the generic form, are not valid to VERIFY', () => {
    const { ask, sign } = bench()
    const signature = sign(1, TRANSFER)
    const asked = (curve: Curve) =>
      ask(
        joinBody({
          opcode: OPCODE.verify,
          param1: 1,
          param2: MODE.messageBase58,
          param3: TRANSFER.length,
          data: concatBytes(TRANSFER, new TextEncoder().encode(encodeSignature(curve, signature))),
        }),
      )
    expect([asked('ed25519'), asked('p256')]).toEqual([hex('01'), hex('00')])
  })

  it('of a message longer than the data are not valid on stock, and refused by fixed', () => {
    const body = joinBody({
      opcode: OPCODE.verify,
      param1: 1,
      param2: MODE.messageBase58,
      param3: 500,
      data: new Uint8Array(99),
    })
    expect(bench().ask(body)).toEqual(hex('00'))
    expect(bench({ profile: 'fixed' }).ask(body)).toEqual(refused('param3-invalid'))
  })

  it('of a digest that is not 32 bytes are refused by VERIFY as a wrong mode', () => {
    const body = joinBody({
      opcode: OPCODE.verify,
      param1: 1,
      param2: 1,
      param3: 0,
      data: new Uint8Array(95),
    })
    expect(bench().ask(body)).toEqual(refused('param2-invalid'))
  })
})

describe('a disabled operation', () => {
  it('is refused with 0xB0, before the mode is looked at', () => {
    const { sign, ask } = bench({ policy: { p256: { magicBytes: [3], disabledOpcodes: [OPCODE.sign] } } })
    expect(sign(P256, hex('0301'), 9)).toEqual(refused('hsm-operation-disabled'))
    const getPublicKey = { opcode: OPCODE.getPublicKey, param1: P256, param2: KEY_FORMAT.raw }
    expect(ask(joinBody(getPublicKey))).toHaveLength(64)
  })

  it('needs an entry in the table', () => {
    expect(() => bench({ policy: { auth: { magicBytes: [0x14] } } })).toThrow(RangeError)
    expect(() => bench({ policy: { auth: { magicBytes: [], disabledOpcodes: [0x23] } } })).toThrow(RangeError)
  })
})

describe('a broken secure element', () => {
  const answers = (failure: Parameters<ReturnType<typeof bench>['device']['breakSecureElement']>[0]) => {
    const { device, sign, ask } = bench()
    device.breakSecureElement(failure)
    const signs = [1, 2, 3].map((alias) => sign(alias, hex('0301')).length)
    const verify = { opcode: OPCODE.verify, param1: 1, param2: 3, param3: 1, data: new Uint8Array(65) }
    const [getPublicKey = 0] = ask(joinBody({ opcode: OPCODE.getPublicKey, param1: 1, param2: 1 }))
    return [...signs, ask(joinBody(verify))[0], getPublicKey]
  }
  const KEY = TEST_KEYS.ed25519.publicKey.bytes[0]!

  it.each([
    ['secure-element-not-answering', [1, 1, 1, 0xa1, 0xa1]],
    ['secure-element-sign-failed', [64, 64, 1, 0, KEY]],
    ['session-key-failed', [1, 1, 64, 0, KEY]],
    ['encrypted-read-failed', [1, 1, 64, 0, KEY]],
    ['decryption-failed', [1, 1, 64, 0, KEY]],
    ['public-key-read-failed', [1, 64, 64, 0xb4, KEY]],
  ] as const)('shows where the firmware talks to it (%s)', (failure, expected) => {
    expect(answers(failure)).toEqual(expected)
  })

  it('is mended only on request', () => {
    const { device, sign } = bench()
    device.breakSecureElement('secure-element-sign-failed')
    device.reboot()
    expect(sign(P256, hex('0301'))).toEqual(refused('secure-element-sign-failed'))
    device.breakSecureElement(undefined)
    expect(isSigned(sign(P256, hex('0301')))).toBe(true)
  })

  it('has its mark raised all the same', () => {
    const { device, sign } = bench()
    device.breakSecureElement('secure-element-sign-failed')
    expect(sign(P256, vote(ATTESTATION, 5, 0))).toEqual(refused('secure-element-sign-failed'))
    expect(sign(P256, vote(ATTESTATION, 5, 0))).toEqual(refused('packet-parsed'))
  })
})

it('the message a device signs in mode 3 is hashed with BLAKE2b-256 first', () => {
  const { sign } = bench()
  const message = hex('03616263')
  expect(verifySignature(TEST_KEYS.ed25519.publicKey, payloadDigest(message), sign(1, message))).toBe(true)
})
