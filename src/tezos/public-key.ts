import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { decodeBase58, encodeBase58, type Base58Form } from './base58check.js'
import { concatBytes, equalBytes } from './bytes.js'
import type { Curve } from './curve.js'
import { publicKeyDigest } from './digest.js'

/** A public key: 32 bytes for Ed25519, 33 (compressed point) for secp256k1 and P-256. */
export type PublicKey = { readonly curve: Curve; readonly bytes: Uint8Array }

/** A public key hash as text, `tz1...` to `tz4...`: checked, and so safe as a map key and in a log. */
export type PublicKeyHash = string & { readonly brand: 'PublicKeyHash' }

const KEY_FORM = { ed25519: 'edpk', secp256k1: 'sppk', p256: 'p2pk' } as const satisfies Record<
  Curve,
  Base58Form
>
const HASH_FORM = { ed25519: 'tz1', secp256k1: 'tz2', p256: 'tz3' } as const satisfies Record<
  Curve,
  Base58Form
>
const CURVE_OF: Partial<Record<Base58Form, Curve>> = {
  edpk: 'ed25519',
  sppk: 'secp256k1',
  p2pk: 'p256',
  tz1: 'ed25519',
  tz2: 'secp256k1',
  tz3: 'p256',
}

/** The `edpk`, `sppk` or `p2pk` text of a key. */
export function encodePublicKey(key: PublicKey): string {
  return encodeBase58(KEY_FORM[key.curve], key.bytes)
}

/**
 * A key from its base58check text; `undefined` for other text, BLS keys and ECDSA points that are not on the curve.
 * An Ed25519 key is any 32 bytes, as in Octez: no signature verifies with one that is not a point.
 */
export function decodePublicKey(text: string): PublicKey | undefined {
  const decoded = decodeBase58(text, ['edpk', 'sppk', 'p2pk'])
  const curve = decoded && CURVE_OF[decoded.form]
  if (decoded === undefined || curve === undefined) return undefined
  return isOnCurve(curve, decoded.payload) ? { curve, bytes: decoded.payload } : undefined
}

/**
 * A key from the device's raw form: 32 bytes for Ed25519, X then Y (64 bytes) otherwise.
 * `undefined` when the size is wrong or an ECDSA point is not on the curve.
 */
export function publicKeyFromRaw(curve: Curve, raw: Uint8Array): PublicKey | undefined {
  if (curve === 'ed25519') return raw.length === 32 ? { curve, bytes: raw.slice() } : undefined
  if (raw.length !== 64 || !isOnCurve(curve, concatBytes(Uint8Array.of(0x04), raw))) return undefined
  const sign = 0x02 + ((raw[63] ?? 0) & 1)
  return { curve, bytes: concatBytes(Uint8Array.of(sign), raw.subarray(0, 32)) }
}

/** The address of a key: BLAKE2b-160 of its bytes. */
export function publicKeyHash(key: PublicKey): PublicKeyHash {
  return encodeBase58(HASH_FORM[key.curve], publicKeyDigest(key.bytes)) as PublicKeyHash
}

/** Strictly a `tz1`, `tz2`, `tz3` or `tz4` address with a right checksum; `undefined` otherwise. */
export function parsePublicKeyHash(text: string): PublicKeyHash | undefined {
  return decodeBase58(text, ['tz1', 'tz2', 'tz3', 'tz4']) && (text as PublicKeyHash)
}

/** The curve an address stands for; `undefined` for tz4, which no Tezio HSM holds. */
export function curveOfHash(hash: PublicKeyHash): Curve | undefined {
  const form = decodeBase58(hash, ['tz1', 'tz2', 'tz3'])?.form
  return form && CURVE_OF[form]
}

/** The tag byte and 20 bytes of an address as Octez encodes them in binary: 00 tz1, 01 tz2, 02 tz3, 03 tz4. */
export function publicKeyHashBytes(hash: PublicKeyHash): Uint8Array {
  const forms = ['tz1', 'tz2', 'tz3', 'tz4'] as const
  const decoded = decodeBase58(hash, forms)
  if (decoded === undefined) throw new RangeError(`not a public key hash: ${hash}`)
  return concatBytes(Uint8Array.of(forms.findIndex((form) => form === decoded.form)), decoded.payload)
}

/** Whether two keys are the same key. */
export function equalPublicKeys(left: PublicKey, right: PublicKey): boolean {
  return left.curve === right.curve && equalBytes(left.bytes, right.bytes)
}

function isOnCurve(curve: Curve, encoded: Uint8Array): boolean {
  if (curve === 'ed25519') return true // not checked: see decodePublicKey
  return (curve === 'p256' ? p256 : secp256k1).utils.isValidPublicKey(encoded)
}
