import { secp256k1 } from '@noble/curves/secp256k1.js'
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  concatBytes,
  CURVES,
  decodePublicKey,
  decodeSignature,
  encodeBase58,
  encodeSignature,
  equalPublicKeys,
  normaliseSignature,
  payloadDigest,
  verifySignature,
  type Curve,
  type PublicKey,
  type SignatureBytes,
} from '../../src/tezos/index.js'
import { filled } from './build-payload.js'
import { exchanges, hex, payloadVectors } from './golden-data.js'

type Signed = {
  readonly name: string
  readonly key: PublicKey
  readonly digest: Uint8Array
  readonly signature: SignatureBytes
}

const ALIASES = ['auth', 'ed25519', 'secp256k1', 'p256'] as const

function keyOf(text: string): PublicKey {
  const key = decodePublicKey(text)
  if (key === undefined) throw new Error(`not a key: ${text}`)
  return key
}

const deviceKeys = ALIASES.map((alias) => {
  const exchange = exchanges.find(({ name }) => name === `get_pk ${alias} format 3`)
  return keyOf(new TextDecoder().decode(hex(exchange?.body ?? '?')))
})

/** The signature in a reply to SIGN: raw in odd modes, text in even ones; `undefined` for a refusal. */
function signatureIn(body: Uint8Array, mode: number, curve: Curve): SignatureBytes | undefined {
  if (body.length === 1) return undefined
  return mode % 2 === 1 ? body : decodeSignature(curve, new TextDecoder().decode(body))
}

/** Every signature the device made: modes 1 and 2 sign the data as a digest, 3 and 4 hash it first. */
const deviceSigned: readonly Signed[] = exchanges.flatMap(({ name, send, body }) => {
  const [prefix, , , opcode, alias = 0, mode = 0] = hex(send)
  const key = deviceKeys[alias]
  if (prefix !== 0x03 || opcode !== 0x21 || key === undefined || mode < 1 || mode > 4) return []
  const signature = signatureIn(hex(body ?? '00'), mode, key.curve)
  const data = hex(send).slice(8, -2)
  return signature === undefined
    ? []
    : [{ name, key, signature, digest: mode < 3 ? data : payloadDigest(data) }]
})

const networkSigned: readonly Signed[] = payloadVectors.flatMap(({ name, hex: text, pk, sig }) => {
  if (pk === undefined || sig === undefined) return []
  const key = keyOf(pk)
  const signature = decodeSignature(key.curve, sig)
  if (signature === undefined) throw new Error(`not a signature: ${name}`)
  return [{ name, key, signature, digest: payloadDigest(hex(text)) }]
})

/** One recorded signature of each curve. */
const oneOfEach = CURVES.map((curve) => {
  const signed = deviceSigned.find(({ key }) => key.curve === curve)
  if (signed === undefined) throw new Error(`no recorded signature of ${curve}`)
  return { ...signed, curve }
})

const flipped = (bytes: Uint8Array, bit: number) =>
  bytes.with(bit >> 3, (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7)))

/** The same signature with S replaced by the order less S: as valid in the mathematics of ECDSA. */
function withOtherS(curve: Curve, signature: SignatureBytes): SignatureBytes {
  const { Signature, Point } = curve === 'p256' ? p256 : secp256k1
  const { r, s } = Signature.fromBytes(signature)
  return new Signature(r, Point.Fn.neg(s)).toBytes()
}

describe('recorded signatures', () => {
  test('of the device are all valid', () => {
    expect(deviceSigned.length).toBeGreaterThan(90)
    const refused = deviceSigned.filter(
      ({ key, digest, signature }) => !verifySignature(key, digest, signature),
    )
    expect(refused.map(({ name }) => name)).toEqual([])
  })

  test.each(networkSigned)('of the network are valid: $name', ({ key, digest, signature }) => {
    expect(verifySignature(key, digest, signature)).toBe(true)
  })

  test('of the network are in the vectors for two curves at least', () => {
    expect(new Set(networkSigned.map(({ key }) => key.curve)).size).toBeGreaterThanOrEqual(2)
  })

  test('are returned as they are when they are normalised', () => {
    for (const { key, signature } of [...deviceSigned.slice(0, 60), ...networkSigned]) {
      expect(normaliseSignature(key.curve, signature)).toBe(signature)
    }
  })
})

describe.each(oneOfEach)('a signature of $curve', ({ curve, key, digest, signature }) => {
  test('is refused with any bit changed', () => {
    for (let bit = 0; bit < 512; bit += 7) {
      expect(verifySignature(key, digest, flipped(signature, bit))).toBe(false)
    }
    expect(verifySignature(key, digest, flipped(signature, 511))).toBe(false)
  })

  test('is refused for another digest', () => {
    for (let bit = 0; bit < 256; bit += 31) {
      expect(verifySignature(key, flipped(digest, bit), signature)).toBe(false)
    }
  })

  test('is refused for another key of its curve, and under another curve', () => {
    const others = [...deviceKeys, ...networkSigned.map((signed) => signed.key)]
    for (const other of others.filter((candidate) => !equalPublicKeys(candidate, key))) {
      expect(verifySignature(other, digest, signature)).toBe(false)
    }
    for (const other of CURVES.filter((candidate) => candidate !== curve)) {
      expect(verifySignature({ ...key, curve: other }, digest, signature)).toBe(false)
    }
  })

  test('is refused when it is not of 64 bytes', () => {
    for (const size of [0, 1, 63])
      expect(verifySignature(key, digest, signature.subarray(0, size))).toBe(false)
    expect(verifySignature(key, digest, concatBytes(signature, filled(1, 0)))).toBe(false)
  })

  test('of zeros, as the device gives by default, is refused', () => {
    expect(verifySignature(key, digest, filled(64, 0))).toBe(false)
  })

  test('is read from its own text and from the generic one, not from another curve’s', () => {
    expect(decodeSignature(curve, encodeSignature(curve, signature))).toEqual(signature)
    expect(decodeSignature(curve, encodeBase58('sig', signature))).toEqual(signature)
    for (const other of CURVES.filter((candidate) => candidate !== curve)) {
      expect(decodeSignature(curve, encodeSignature(other, signature))).toBeUndefined()
    }
    expect(decodeSignature(curve, `${encodeSignature(curve, signature).slice(0, -1)}2`)).toBeUndefined()
    expect(decodeSignature(curve, '')).toBeUndefined()
  })
})

describe('high and low S', () => {
  test('of secp256k1: the high one is refused, and repaired by normalising', () => {
    for (const { key, digest, signature } of deviceSigned.filter(
      (signed) => signed.key.curve === 'secp256k1',
    )) {
      const high = withOtherS('secp256k1', signature)
      expect(verifySignature(key, digest, high)).toBe(false)
      expect(normaliseSignature('secp256k1', high)).toEqual(signature)
    }
  })

  test('of P-256: both are valid and left as they are', () => {
    for (const { key, digest, signature } of deviceSigned
      .filter((signed) => signed.key.curve === 'p256')
      .slice(0, 12)) {
      const other = withOtherS('p256', signature)
      expect(other).not.toEqual(signature)
      expect(verifySignature(key, digest, signature)).toBe(true)
      expect(verifySignature(key, digest, other)).toBe(true)
      expect(normaliseSignature('p256', other)).toBe(other)
    }
  })

  test('normalising what is no signature gives it back: zeros, ones, another size', () => {
    for (const bytes of [filled(64, 0), filled(64, 0xff), filled(63), filled(65), new Uint8Array()]) {
      for (const curve of CURVES) expect(normaliseSignature(curve, bytes)).toBe(bytes)
    }
  })
})

describe('F21 garbage', () => {
  test('that a lax Ed25519 check takes for any message, a key and an R of small order, is refused', () => {
    const identity = concatBytes(Uint8Array.of(0x01), filled(31, 0))
    const signature = concatBytes(identity, filled(32, 0))
    expect(ed25519.verify(signature, filled(32), identity, { zip215: true })).toBe(true)
    expect(verifySignature({ curve: 'ed25519', bytes: identity }, filled(32), signature)).toBe(false)
  })

  const curves = fc.constantFrom(...CURVES)
  const bytes = (maxLength: number) => fc.uint8Array({ maxLength })

  test('as key, digest or signature is never valid and never throws', () => {
    fc.assert(
      fc.property(curves, bytes(70), bytes(40), bytes(70), (curve, key, digest, signature) => {
        expect(verifySignature({ curve, bytes: key }, digest, signature)).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  test('of the right sizes is never valid and never throws', () => {
    const sized = (size: number) => fc.uint8Array({ minLength: size, maxLength: size })
    fc.assert(
      fc.property(fc.constantFrom(...oneOfEach), sized(64), ({ key, digest, curve }, signature) => {
        expect(verifySignature(key, digest, signature)).toBe(false)
        expect(normaliseSignature(curve, signature)).toHaveLength(64)
      }),
      { numRuns: 100 },
    )
  })
})
