import { createECDH, createPublicKey, verify } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { assertNever } from './assert-never.js'
import type { PublicKey } from './public-key.js'
import type { SignatureBytes } from './signature.js'

/** Whether 64 bytes are a signature over a 32-byte digest by the key that the verifier was made for. Never throws. */
export type Verifier = (digest: Uint8Array, signature: SignatureBytes) => boolean

/** Bits of a scalar that one point of a key's table stands for: 44 times 32 points, about a fifth of a megabyte. */
const WINDOW_BITS = 6

/**
 * Verifies by one key again and again, as `verifySignature` does once: what does not depend on the signature is computed
 * here, in some 14 ms for an ECDSA key, and a verification takes a sixth of the time.
 * Ed25519 is OpenSSL's, which like Octez multiplies by no cofactor; keys of small order verify nothing.
 */
export function verifierOf(key: PublicKey): Verifier {
  switch (key.curve) {
    case 'ed25519':
      return edwardsVerifier(key.bytes)
    case 'secp256k1':
      return ecdsaVerifier(secp256k1, key.bytes, { name: 'secp256k1', lowS: true })
    case 'p256':
      return ecdsaVerifier(p256, key.bytes, { name: 'prime256v1', lowS: false })
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

/**
 * ECDSA as in SEC 1, section 4.1.4. Multiples of the base point are what OpenSSL, by its name of the curve, has as public
 * keys; those of the key come from a table, without doublings.
 */
function ecdsaVerifier(
  { Point, Signature }: typeof p256,
  bytes: Uint8Array,
  { name, lowS }: { readonly name: string; readonly lowS: boolean },
): Verifier {
  const { Fn } = Point
  const openSsl = createECDH(name)
  const baseTimes = (scalar: bigint) => {
    if (scalar === 0n) return Point.ZERO
    openSsl.setPrivateKey(Fn.toBytes(scalar))
    return Point.fromBytes(openSsl.getPublicKey())
  }
  const key = Point.fromBytes(bytes).precompute(WINDOW_BITS)
  // noble makes a table when it is first used, and has another one for secrets, which is what `precompute` can make.
  key.multiplyUnsafe(2n) // with 0 and 1 it looks nothing up
  return (digest, signature) => {
    try {
      const parsed = Signature.fromBytes(signature)
      if (lowS && parsed.hasHighS()) return false
      const inverse = Fn.inv(parsed.s)
      const u1 = Fn.mul(Fn.fromBytes(digest, true), inverse)
      const u2 = Fn.mul(parsed.r, inverse)
      const point = baseTimes(u1).add(key.multiplyUnsafe(u2))
      return !point.is0() && Fn.create(point.toAffine().x) === parsed.r
    } catch {
      return false // noble throws on other sizes, and on R or S out of range
    }
  }
}
