import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { verifierOf, verifySignature, type Curve, type PublicKey } from '../../src/tezos/index.js'

/** What noble can do with a curve's secret keys; signatures may have either S. */
const SIGNERS = {
  ed25519: {
    publicKey: (secret: Uint8Array) => ed25519.getPublicKey(secret),
    sign: (secret: Uint8Array, digest: Uint8Array) => ed25519.sign(digest, secret),
  },
  secp256k1: ecdsa(secp256k1),
  p256: ecdsa(p256),
} as const satisfies Record<Curve, unknown>

function ecdsa(curve: typeof p256) {
  return {
    publicKey: (secret: Uint8Array) => curve.getPublicKey(secret, true),
    sign: (secret: Uint8Array, digest: Uint8Array) =>
      curve.sign(digest, secret, { prehash: false, lowS: false }),
  }
}

const CURVES = Object.keys(SIGNERS) as readonly Curve[]

function keyPair(curve: Curve, seed: number): { readonly secret: Uint8Array; readonly key: PublicKey } {
  const secret = new Uint8Array(32).fill(seed)
  return { secret, key: { curve, bytes: SIGNERS[curve].publicKey(secret) } }
}

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })

/** Numbers at which scalars and coordinates end, and their neighbours. */
const edges = [secp256k1, p256].flatMap(({ Point: { Fn, Fp } }) =>
  [0n, 1n, Fn.ORDER - 1n, Fn.ORDER, Fn.ORDER + 1n, Fp.ORDER - 1n, Fp.ORDER, 2n ** 256n - 1n].map((number) =>
    Uint8Array.from(Buffer.from(number.toString(16).padStart(64, '0'), 'hex')),
  ),
)
const halves = fc.oneof(bytes32, fc.constantFrom(...edges))

const joined = (left: Uint8Array, right: Uint8Array) => Uint8Array.from([...left, ...right])

describe.each(CURVES)('a verifier of %s', (curve) => {
  const { secret, key } = keyPair(curve, 0x31)
  const other = keyPair(curve, 0x32)
  const verifies = verifierOf(key)
  const { sign } = SIGNERS[curve]

  test('accepts what the key signed, as often as it is asked, unless its S is high where it may not be', () => {
    const seen = new Set<boolean>()
    fc.assert(
      fc.property(bytes32, (digest) => {
        const signature = sign(secret, digest)
        const isAccepted = verifies(digest, signature)
        seen.add(isAccepted)
        expect(isAccepted).toBe(verifySignature(key, digest, signature))
        expect(verifies(digest, signature)).toBe(isAccepted)
      }),
      { numRuns: 100 },
    )
    expect([...seen].sort()).toEqual(curve === 'secp256k1' ? [false, true] : [true])
  })

  test('refuses the signature of another key, of another digest, and one with any bit changed', () => {
    fc.assert(
      fc.property(bytes32, fc.nat({ max: 511 }), (digest, bit) => {
        const signature = sign(secret, digest)
        const changed = signature.with(bit >> 3, (signature[bit >> 3] ?? 0) ^ (1 << (bit & 7)))
        expect(verifies(digest, sign(other.secret, digest))).toBe(false)
        expect(verifies(digest.with(bit >> 4, (digest[bit >> 4] ?? 0) ^ 1), signature)).toBe(false)
        expect(verifies(digest, changed)).toBe(false)
      }),
      { numRuns: 60 },
    )
  })

  test('says of any bytes, also at the ends of the numbers, what a single verification says', () => {
    fc.assert(
      fc.property(halves, halves, halves, (digest, r, s) => {
        const signature = joined(r, s)
        expect(verifies(digest, signature)).toBe(verifySignature(key, digest, signature))
      }),
      { numRuns: 200 },
    )
  })

  test('agrees on signatures whose halves were replaced by ends of the numbers', () => {
    fc.assert(
      fc.property(halves, fc.constantFrom(...edges), fc.boolean(), (digest, edge, isFirst) => {
        const signature = sign(secret, digest)
        const half = isFirst ? signature.subarray(32) : signature.subarray(0, 32)
        const changed = isFirst ? joined(edge, half) : joined(half, edge)
        expect(verifies(digest, changed)).toBe(verifySignature(key, digest, changed))
      }),
      { numRuns: 100 },
    )
  })

  test('refuses a signature or a digest of another size', () => {
    const digest = new Uint8Array(32).fill(7)
    const signature = sign(secret, digest)
    for (const wrong of [signature.subarray(1), joined(signature, Uint8Array.of(0)), new Uint8Array()]) {
      expect(verifies(digest, wrong)).toBe(false)
    }
    for (const wrong of [digest.subarray(1), joined(digest, Uint8Array.of(0)), new Uint8Array()]) {
      expect(verifies(wrong, sign(secret, digest))).toBe(false)
    }
  })
})

describe('ECDSA', () => {
  test.each(['secp256k1', 'p256'] as const)(
    'takes a digest of zero and one above the order of %s as numbers',
    (curve) => {
      const { secret, key } = keyPair(curve, 0x41)
      for (const digest of [new Uint8Array(32), new Uint8Array(32).fill(0xff)]) {
        const { Fn } = (curve === 'p256' ? p256 : secp256k1).Point
        const signature = SIGNERS[curve].sign(secret, digest)
        const [r, s] = [signature.subarray(0, 32), signature.subarray(32)]
        const otherS = Fn.toBytes(Fn.neg(Fn.fromBytes(s)))
        const verifies = verifierOf(key)
        const accepted = [signature, joined(r, otherS)].map((either) => verifies(digest, either))
        // P-256 takes both forms, secp256k1 the one with the low S
        expect(accepted.filter(Boolean)).toHaveLength(curve === 'p256' ? 2 : 1)
      }
    },
  )
})

describe('ECDSA at a point whose x is not below the order', () => {
  test.each(['secp256k1', 'p256'] as const)('takes the remainder as R on %s', (curve) => {
    const { Point } = curve === 'p256' ? p256 : secp256k1
    const { BASE, Fn } = Point
    const point = firstPointFrom(curve, Fn.ORDER)
    const [r, s, e] = [point.toAffine().x - Fn.ORDER, 5n, 7n]
    // the key for which (r, s) is a signature over e: r⁻¹ (s R - e G)
    const key = point.multiply(s).subtract(BASE.multiply(e)).multiply(Fn.inv(r))
    const signature = joined(Fn.toBytes(r), Fn.toBytes(s))
    const publicKey = { curve, bytes: key.toBytes(true) }
    expect(verifySignature(publicKey, Fn.toBytes(e), signature)).toBe(true)
    expect(verifierOf(publicKey)(Fn.toBytes(e), signature)).toBe(true)
    expect(verifierOf(publicKey)(Fn.toBytes(e + 1n), signature)).toBe(false)
  })

  /** The point with the lowest x from a number on. */
  function firstPointFrom(curve: 'secp256k1' | 'p256', number: bigint) {
    const { Point } = curve === 'p256' ? p256 : secp256k1
    for (let x = number + 1n; ; x += 1n) {
      try {
        return Point.fromBytes(joined(Uint8Array.of(2), Point.Fp.toBytes(x)))
      } catch {
        // not on the curve
      }
    }
  }
})

describe('Ed25519', () => {
  const IDENTITY = new Uint8Array(32).with(0, 1)

  test('a key of small order verifies nothing, although the equation holds', () => {
    const forged = joined(IDENTITY, new Uint8Array(32))
    for (const { x, y } of smallPoints()) {
      const bytes = ed25519.Point.fromAffine({ x, y }).toBytes()
      expect(verifierOf({ curve: 'ed25519', bytes })(new Uint8Array(32), forged)).toBe(false)
    }
  })

  test('32 bytes that are no point verify nothing', () => {
    const bytes = new Uint8Array(32).fill(0xff)
    const { secret } = keyPair('ed25519', 0x31)
    const digest = new Uint8Array(32)
    expect(verifierOf({ curve: 'ed25519', bytes })(digest, ed25519.sign(digest, secret))).toBe(false)
  })

  test('a digest of another size is none, although the key signed it', () => {
    const { secret, key } = keyPair('ed25519', 0x31)
    for (const size of [0, 31, 33, 64]) {
      const digest = new Uint8Array(size)
      expect(verifierOf(key)(digest, ed25519.sign(digest, secret))).toBe(false)
    }
  })

  test('S and S plus the order are not both accepted', () => {
    const { secret, key } = keyPair('ed25519', 0x31)
    const digest = new Uint8Array(32).fill(9)
    const signature = ed25519.sign(digest, secret)
    const { Fn } = ed25519.Point
    const s = Fn.fromBytes(signature.subarray(32)) + Fn.ORDER
    const high = Uint8Array.from(Buffer.from(s.toString(16).padStart(64, '0'), 'hex')).reverse()
    expect(verifierOf(key)(digest, signature)).toBe(true)
    expect(verifierOf(key)(digest, joined(signature.subarray(0, 32), high))).toBe(false)
  })

  /** The points of order 1, 2 and 4. */
  function smallPoints() {
    const { Fp } = ed25519.Point
    const root = Fp.sqrt(Fp.neg(1n))
    return [
      { x: 0n, y: 1n },
      { x: 0n, y: Fp.neg(1n) },
      { x: root, y: 0n },
      { x: Fp.neg(root), y: 0n },
    ]
  }
})
