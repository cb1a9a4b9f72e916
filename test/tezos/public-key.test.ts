import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  concatBytes,
  CURVES,
  curveOfHash,
  decodePublicKey,
  encodeBase58,
  encodePublicKey,
  equalPublicKeys,
  parsePublicKeyHash,
  publicKeyFromRaw,
  publicKeyHash,
  publicKeyHashBytes,
  toHex,
  type Curve,
  type PublicKey,
} from '../../src/tezos/index.js'
import { filled } from './build-payload.js'
import { exchanges, hex, payloadVectors } from './golden-data.js'

const ALIASES: readonly (readonly [alias: string, curve: Curve])[] = [
  ['auth', 'p256'],
  ['ed25519', 'ed25519'],
  ['secp256k1', 'secp256k1'],
  ['p256', 'p256'],
]

/** The body of the device's answer to GET_PK in one of its four formats. */
function recorded(alias: string, format: number): Uint8Array {
  const exchange = exchanges.find(({ name }) => name === `get_pk ${alias} format ${format}`)
  return hex(exchange?.body ?? '?')
}

function keyOf(text: string): PublicKey {
  const key = decodePublicKey(text)
  if (key === undefined) throw new Error(`not a key: ${text}`)
  return key
}

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

describe.each(ALIASES)('the recorded key of %s', (alias, curve) => {
  // read within each test: a key that is refused must fail tests, not the file
  const readKey = () => keyOf(textOf(recorded(alias, 3)))

  test('is the same in its raw, compressed and text forms', () => {
    const key = readKey()
    expect(key.curve).toBe(curve)
    expect(publicKeyFromRaw(curve, recorded(alias, 1))).toEqual(key)
    expect(key.bytes).toEqual(recorded(alias, 2))
    expect(encodePublicKey(key)).toBe(textOf(recorded(alias, 3)))
  })

  test('has the recorded address', () => {
    const hash = publicKeyHash(readKey())
    expect(hash).toBe(textOf(recorded(alias, 4)))
    expect(parsePublicKeyHash(hash)).toBe(hash)
    expect(curveOfHash(hash)).toBe(curve)
    expect(publicKeyHashBytes(hash)[0]).toBe(CURVES.indexOf(curve))
  })

  test('in raw form has one size, and is a point', () => {
    const raw = recorded(alias, 1)
    expect(publicKeyFromRaw(curve, raw.subarray(1))).toBeUndefined()
    expect(publicKeyFromRaw(curve, concatBytes(raw, filled(1)))).toBeUndefined()
    expect(publicKeyFromRaw(curve, new Uint8Array())).toBeUndefined()
    if (curve !== 'ed25519') expect(publicKeyFromRaw(curve, raw.with(63, (raw[63] ?? 0) ^ 1))).toBeUndefined()
  })

  test('is not the key of another curve', () => {
    for (const other of CURVES.filter((candidate) => candidate !== curve)) {
      const raw = publicKeyFromRaw(other, recorded(alias, 1))
      expect(raw === undefined || !equalPublicKeys(raw, readKey())).toBe(true)
    }
  })

  test('does not change when the bytes it came from do', () => {
    const raw = recorded(alias, 1)
    const made = publicKeyFromRaw(curve, raw)
    raw.fill(0)
    expect(made).toEqual(readKey())
  })
})

describe('known keys', () => {
  test('a tz3 key of Octez has its address and its bytes', () => {
    const key = keyOf('p2pk66tej1sH5x3q6nKJPRQzrwdNLZaEJ7pxJF6PqxFnDtnoLwxASPC')
    const hash = publicKeyHash(key)
    expect(hash).toBe('tz3jKsrLgvfJWNjbxd1D5bv1Qy8VjtJgNkVn')
    expect(toHex(publicKeyHashBytes(hash))).toBe('02fc42be07e9e7bc9f6cd1767fd794684de9164e7f')
    expect(toHex(key.bytes)).toBe('03315f70a6ad19fd18316ffdc918adb8d66173b572c86190534abd4ba4c67860dd')
  })

  test('keys of recorded payloads have the recorded addresses', () => {
    const known = payloadVectors.filter(({ pk, pkh }) => pk !== undefined && pkh !== undefined)
    expect(known.length).toBeGreaterThanOrEqual(2)
    for (const { pk, pkh } of known) expect(publicKeyHash(keyOf(pk ?? ''))).toBe(pkh)
  })

  test('keys are equal by curve and bytes', () => {
    const key: PublicKey = { curve: 'p256', bytes: filled(33, 0x02) }
    expect(equalPublicKeys(key, { curve: 'p256', bytes: filled(33, 0x02) })).toBe(true)
    expect(equalPublicKeys(key, { ...key, curve: 'secp256k1' })).toBe(false)
    expect(equalPublicKeys(key, { ...key, bytes: filled(33, 0x03) })).toBe(false)
  })
})

describe('texts that are no key', () => {
  test.each([
    ['a wrong checksum', 'p2pk66tej1sH5x3q6nKJPRQzrwdNLZaEJ7pxJF6PqxFnDtnoLwxASPD'],
    ['an address', 'tz3jKsrLgvfJWNjbxd1D5bv1Qy8VjtJgNkVn'],
    ['a BLS key', encodeBase58('BLpk', filled(48))],
    ['a P-256 X without a point', encodeBase58('p2pk', concatBytes(Uint8Array.of(0x02), filled(32, 0xff)))],
    [
      'a secp256k1 X without a point',
      encodeBase58('sppk', concatBytes(Uint8Array.of(0x02), filled(32, 0xff))),
    ],
    ['a point with a wrong sign byte', encodeBase58('p2pk', filled(33, 0x05))],
    ['nothing', ''],
  ])('%s', (_what, text) => {
    expect(decodePublicKey(text)).toBeUndefined()
  })

  test('random points are read back as written, or refused; nothing throws', () => {
    const curves = fc.constantFrom(...CURVES)
    fc.assert(
      fc.property(curves, fc.uint8Array({ minLength: 64, maxLength: 64 }), (curve, raw) => {
        const size = curve === 'ed25519' ? 32 : 64
        const key = publicKeyFromRaw(curve, raw.subarray(0, size))
        if (key !== undefined) expect(decodePublicKey(encodePublicKey(key))).toEqual(key)
      }),
      { numRuns: 200 },
    )
  })
})

describe('addresses', () => {
  test('of tz4 are read, and stand for no curve of the device', () => {
    const hash = parsePublicKeyHash(encodeBase58('tz4', filled(20)))
    if (hash === undefined) throw new Error('a tz4 address was refused')
    expect(curveOfHash(hash)).toBeUndefined()
    expect(publicKeyHashBytes(hash)).toEqual(concatBytes(Uint8Array.of(0x03), filled(20)))
  })

  test.each([
    ['a contract', 'KT1AEMUQC1yJz2sRPNPpLHVMGCzroYGe1C1ea'],
    ['a real contract', 'KT1PWx2mnDueood7fEmfbBDKx1D9BAnnXitn'],
    ['a wrong checksum', 'tz3jKsrLgvfJWNjbxd1D5bv1Qy8VjtJgNkVm'],
    ['a key', 'p2pk66tej1sH5x3q6nKJPRQzrwdNLZaEJ7pxJF6PqxFnDtnoLwxASPC'],
    ['a chain', 'NetXdQprcVkpaWU'],
    ['an address with a space', 'tz3jKsrLgvfJWNjbxd1D5bv1Qy8VjtJgNkVn '],
    ['an address and more', 'tz3jKsrLgvfJWNjbxd1D5bv1Qy8VjtJgNkVntz3'],
    ['ten thousand letters', 't'.repeat(10_000)],
    ['nothing', ''],
  ])('are not: %s', (_what, text) => {
    expect(parsePublicKeyHash(text)).toBeUndefined()
  })
})
