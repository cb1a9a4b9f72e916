import { bls12_381 } from '@noble/curves/bls12-381.js'

/** Keys in G1 and signatures in G2, as Octez has them (`bls12_381_signature.ml:402-451`, MinPk). */
const { longSignatures } = bls12_381

/** The suite of signature versions 2 and 3; that of possession proofs is another one. */
const DOMAIN = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_'

/** Whether 48 bytes are a point of G1's subgroup other than zero, as every BLS public key is. */
export function isBlsPublicKey(bytes: Uint8Array): boolean {
  try {
    const point = bls12_381.G1.Point.fromBytes(bytes)
    point.assertValidity()
    return !point.is0() && point.isTorsionFree()
  } catch {
    return false // noble throws on whatever is no point
  }
}

/** Whether 96 bytes are the signature by a key over a message, which is not hashed before. Never throws. */
export function verifyBlsSignature(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return longSignatures.verify(signature, longSignatures.hash(message, DOMAIN), key)
  } catch {
    return false // no point of G2
  }
}
