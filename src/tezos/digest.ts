import { blake2b } from '@noble/hashes/blake2.js'

/** BLAKE2b-256 of a whole payload, watermark byte included: what tz1, tz2 and tz3 keys sign (octez `ed25519.ml:329`). */
export function payloadDigest(payload: Uint8Array): Uint8Array {
  return blake2b(payload, { dkLen: 32 })
}

/** BLAKE2b-160, which makes a public key hash of a public key's bytes. */
export function publicKeyDigest(publicKey: Uint8Array): Uint8Array {
  return blake2b(publicKey, { dkLen: 20 })
}
