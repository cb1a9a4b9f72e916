import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { assertNever } from './assert-never.js'
import { decodeBase58, encodeBase58, type Base58Form } from './base58check.js'
import type { Curve } from './curve.js'
import type { PublicKey } from './public-key.js'

/** A signature's 64 bytes, R then S, without the name of its curve. */
export type SignatureBytes = Uint8Array

const FORM = { ed25519: 'edsig', secp256k1: 'spsig1', p256: 'p2sig' } as const satisfies Record<
  Curve,
  Base58Form
>

/** The `edsig`, `spsig1` or `p2sig` text of a signature. */
export function encodeSignature(curve: Curve, signature: SignatureBytes): string {
  return encodeBase58(FORM[curve], signature)
}

/** The 64 bytes of a signature by a key of `curve`, from its own form or the generic `sig`; `undefined` otherwise. */
export function decodeSignature(curve: Curve, text: string): SignatureBytes | undefined {
  return decodeBase58(text, [FORM[curve], 'sig'])?.payload
}

/**
 * Whether `signature` is one by `key` over the 32-byte `digest`. For a key that signs often, `verifierOf` is faster.
 * secp256k1 must have a low S, as libsecp256k1 demands; P-256 is valid with either S. Never throws.
 */
export function verifySignature(key: PublicKey, digest: Uint8Array, signature: SignatureBytes): boolean {
  if (signature.length !== 64) return false
  try {
    switch (key.curve) {
      case 'ed25519':
        return ed25519.verify(signature, digest, key.bytes, { zip215: false })
      case 'secp256k1':
        return secp256k1.verify(signature, digest, key.bytes, { prehash: false, lowS: true })
      case 'p256':
        return p256.verify(signature, digest, key.bytes, { prehash: false, lowS: false })
      default:
        return assertNever(key.curve)
    }
  } catch {
    return false // noble throws on points and scalars out of range: not a signature
  }
}

/**
 * The signature a client accepts: a high S of secp256k1 becomes the low one; all else is returned as it is, also bytes
 * that are no signature, which `verifySignature` refuses. Never throws.
 */
export function normaliseSignature(curve: Curve, signature: SignatureBytes): SignatureBytes {
  if (curve !== 'secp256k1') return signature
  try {
    const parsed = secp256k1.Signature.fromBytes(signature)
    if (!parsed.hasHighS()) return signature
    return new secp256k1.Signature(parsed.r, secp256k1.Point.Fn.neg(parsed.s)).toBytes()
  } catch {
    return signature // noble throws on a wrong size and on R or S out of range
  }
}
