import { createPublicKey, verify } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { assertNever } from './assert-never.js'
import type { PublicKey } from './public-key.js'
import type { SignatureBytes } from './signature.js'

/** Whether 64 bytes are a signature over a 32-byte digest by the key that the verifier was made for. Never throws. */
export type Verifier = (digest: Uint8Array, signature: SignatureBytes) => boolean

/** Bits of a scalar that one point of a table stands for: 37 times 64 points, about half a megabyte for a key. */
const WINDOW_BITS = 7

/**
 * Verifies by one key again and again, as `verifySignature` does once: what does not depend on the signature is computed
 * here, in some 30 ms for an ECDSA key, and a verification takes a quarter of the time.
 * Ed25519 is OpenSSL's, which like Octez multiplies by no cofactor; keys of small order verify nothing.
 */
export function verifierOf(key: PublicKey): Verifier {
  switch (key.curve) {
    case 'ed25519':
      return edwardsVerifier(key.bytes)
    case 'secp256k1':
      return ecdsaVerifier(secp256k1, key.bytes, { lowS: true })
    case 'p256':
      return ecdsaVerifier(p256, key.bytes, { lowS: false })
    default:
      return assertNever(key.curve)
  }
}

function edwardsVerifier(bytes: Uint8Array): Verifier {
  if (!isStrongPoint(bytes)) return () => false
  const x = Buffer.from(bytes).toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  return (digest, signature) => digest.length === 32 && verify(null, digest, key, signature)
}

/** Every signature could be made to verify by a point of small order. */
function isStrongPoint(bytes: Uint8Array): boolean {
  try {
    return !ed25519.Point.fromBytes(bytes).isSmallOrder()
  } catch {
    return false // noble throws on what is no point
  }
}

/** ECDSA as in SEC 1, section 4.1.4, with tables of multiples of both points in place of doublings. */
function ecdsaVerifier(
  { Point, Signature }: typeof p256,
  bytes: Uint8Array,
  { lowS }: { readonly lowS: boolean },
): Verifier {
  const { BASE, Fn } = Point
  const key = Point.fromBytes(bytes).precompute(WINDOW_BITS, false)
  BASE.multiplyUnsafe(Fn.ORDER - 1n) // its table is made at its first use
  return (digest, signature) => {
    try {
      const parsed = Signature.fromBytes(signature)
      if (lowS && parsed.hasHighS()) return false
      const inverse = Fn.inv(parsed.s)
      const u1 = Fn.mul(Fn.fromBytes(digest, true), inverse)
      const u2 = Fn.mul(parsed.r, inverse)
      const point = BASE.multiplyUnsafe(u1).add(key.multiplyUnsafe(u2))
      return !point.is0() && Fn.create(point.toAffine().x) === parsed.r
    } catch {
      return false // noble throws on other sizes, and on R or S out of range
    }
  }
}
