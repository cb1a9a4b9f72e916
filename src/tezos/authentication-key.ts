import { decodeBase58, encodeBase58 } from './base58check.js'
import { isBlsPublicKey, verifyBlsSignature } from './bls-signature.js'
import { payloadDigest, publicKeyDigest } from './digest.js'
import {
  decodePublicKey,
  encodePublicKey,
  publicKeyHash,
  type PublicKey,
  type PublicKeyHash,
} from './public-key.js'
import { decodeSignature, verifySignature } from './signature.js'

/** A key that requests are signed with: one of any wallet's, also of the curve that no Tezio HSM has (48 bytes of G1). */
export type AuthenticationPublicKey = PublicKey | { readonly curve: 'bls12-381'; readonly bytes: Uint8Array }

/** A key from its `edpk`, `sppk`, `p2pk` or `BLpk` text; `undefined` for other text and for points off the curve. */
export function decodeAuthenticationKey(text: string): AuthenticationPublicKey | undefined {
  const bls = decodeBase58(text, ['BLpk'])
  if (bls === undefined) return decodePublicKey(text)
  return isBlsPublicKey(bls.payload) ? { curve: 'bls12-381', bytes: bls.payload } : undefined
}

/** The `edpk`, `sppk`, `p2pk` or `BLpk` text of a key. */
export function encodeAuthenticationKey(key: AuthenticationPublicKey): string {
  return key.curve === 'bls12-381' ? encodeBase58('BLpk', key.bytes) : encodePublicKey(key)
}

/** The address of a key, `tz1...` to `tz4...`. */
export function authenticationKeyHash(key: AuthenticationPublicKey): PublicKeyHash {
  if (key.curve !== 'bls12-381') return publicKeyHash(key)
  return encodeBase58('tz4', publicKeyDigest(key.bytes)) as PublicKeyHash
}

/**
 * Whether `text` (`edsig`, `spsig1`, `p2sig`, `BLsig`, or the generic `sig`) is a signature by `key` over a message.
 * tz4 keys sign the message itself, the others its digest. Never throws.
 */
export function verifyAuthentication(
  key: AuthenticationPublicKey,
  message: Uint8Array,
  text: string,
): boolean {
  if (key.curve === 'bls12-381') {
    const signature = decodeBase58(text, ['BLsig'])?.payload
    return signature !== undefined && verifyBlsSignature(key.bytes, message, signature)
  }
  const signature = decodeSignature(key.curve, text)
  return signature !== undefined && verifySignature(key, payloadDigest(message), signature)
}
