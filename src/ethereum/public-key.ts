import { secp256k1 } from '@noble/curves/secp256k1.js'
import { concatBytes } from './bytes.js'

/** A secp256k1 public key, uncompressed: 04, X, Y (65 bytes); a point of the curve. */
export type EthPublicKey = Uint8Array & { readonly brand: 'EthPublicKey' }

/**
 * A key from 65 bytes (04, X, Y), 64 (X, Y, as a Tezio tells it) or 33 (compressed); `undefined` for other sizes and
 * for what is no point of the curve.
 */
export function parseEthPublicKey(bytes: Uint8Array): EthPublicKey | undefined {
  const encoded = bytes.length === 64 ? concatBytes(Uint8Array.of(0x04), bytes) : bytes
  if (!secp256k1.utils.isValidPublicKey(encoded)) return undefined
  return secp256k1.Point.fromBytes(encoded).toBytes(false) as EthPublicKey
}

/** The same key in 33 bytes. */
export function compressedPublicKey(key: EthPublicKey): Uint8Array {
  return secp256k1.Point.fromBytes(key).toBytes(true)
}
