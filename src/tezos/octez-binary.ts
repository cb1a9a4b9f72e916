import { decodeBase58, encodeBase58, type Base58Form } from './base58check.js'
import { concatBytes } from './bytes.js'
import { CURVES } from './curve.js'
import { decodePublicKey, parsePublicKeyHash, type PublicKey, type PublicKeyHash } from './public-key.js'

/** A public key hash as Octez writes it in binary: a tag byte and 20 bytes. */
export const KEY_HASH_BYTES = 21

/** The forms by their tag byte (octez `signature_v3.ml:64-101`); tag 4 is tz5, which this program does not know. */
const HASH_FORMS = ['tz1', 'tz2', 'tz3', 'tz4'] as const satisfies readonly Base58Form[]

/** The public key hash of 21 bytes; `undefined` for another size or tag. */
export function publicKeyHashFromBytes(bytes: Uint8Array): PublicKeyHash | undefined {
  const form = HASH_FORMS[bytes[0] ?? HASH_FORMS.length]
  if (form === undefined || bytes.length !== KEY_HASH_BYTES) return undefined
  return parsePublicKeyHash(encodeBase58(form, bytes.subarray(1)))
}

/** A public key as Octez writes it in binary: the tag byte of its curve (00 tz1, 01 tz2, 02 tz3), then its bytes. */
export function publicKeyBytes({ curve, bytes }: PublicKey): Uint8Array {
  return concatBytes(Uint8Array.of(CURVES.indexOf(curve)), bytes)
}

/** The public key of such bytes; `undefined` for others, BLS keys and points that are not on their curve. */
export function publicKeyFromBytes(bytes: Uint8Array): PublicKey | undefined {
  const form = (['edpk', 'sppk', 'p2pk'] as const)[bytes[0] ?? 3]
  const size = form === 'edpk' ? 32 : 33
  if (form === undefined || bytes.length !== 1 + size) return undefined
  return decodePublicKey(encodeBase58(form, bytes.subarray(1)))
}

/** The bytes of a signature's base58check text, whatever its curve; `undefined` for other text. */
export function signatureBytes(text: string): Uint8Array | undefined {
  return decodeBase58(text, ['edsig', 'spsig1', 'p2sig', 'sig', 'BLsig'])?.payload
}

/** The base58check text of a signature whose curve is not told: `sig...` of 64 bytes, `BLsig...` of 96. */
export function genericSignature(bytes: Uint8Array): string | undefined {
  if (bytes.length === 64) return encodeBase58('sig', bytes)
  return bytes.length === 96 ? encodeBase58('BLsig', bytes) : undefined
}
