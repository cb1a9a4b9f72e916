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
import { decodeSignature } from './signature.js'
import { verifierOf } from './verifier.js'

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
 * Whether a text (`edsig`, `spsig1`, `p2sig`, `BLsig`, or the generic `sig`) is a signature over a message by the key
 * that the verifier was made for. tz4 keys sign the message itself, the others its digest. Never throws.
 */
export type AuthenticationVerifier = (message: Uint8Array, text: string) => boolean

/** Verifies by one key again and again; see `verifierOf` for what that takes beforehand. */
export function authenticationVerifier(key: AuthenticationPublicKey): AuthenticationVerifier {
  if (key.curve === 'bls12-381') {
    return (message, text) => {
      const signature = decodeBase58(text, ['BLsig'])?.payload
      return signature !== undefined && verifyBlsSignature(key.bytes, message, signature)
    }
  }
  const { curve } = key
  const verifies = verifierOf(key)
  return (message, text) => {
    const signature = decodeSignature(curve, text)
    return signature !== undefined && verifies(payloadDigest(message), signature)
  }
}
