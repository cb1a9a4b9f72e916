import { secp256k1 } from '@noble/curves/secp256k1.js'
import { bigEndian, concatBytes, fromBigEndian } from './bytes.js'
import type { EthPublicKey } from './public-key.js'

/** A signature whose `s` is in the lower half, and which of the two points its `r` stands for. */
export type EthSignature = { readonly r: bigint; readonly s: bigint; readonly yParity: 0 | 1 }

const ORDER = secp256k1.Point.Fn.ORDER
const SIZE = 32

/**
 * What a device answered with (R then S, 64 bytes) as Ethereum takes it: `s` is brought into the lower half first, then
 * the parity is the one that recovers the very key. `undefined` when neither does: it is no signature of this digest by
 * this key. Parities 2 and 3, where `r` was above the order, are none of Ethereum's.
 */
export function settleSignature(
  raw: Uint8Array,
  digest: Uint8Array,
  publicKey: EthPublicKey,
): EthSignature | undefined {
  if (raw.length !== 2 * SIZE || digest.length !== SIZE) return undefined
  const r = fromBigEndian(raw.subarray(0, SIZE))
  const given = fromBigEndian(raw.subarray(SIZE))
  if (r === 0n || r >= ORDER || given === 0n || given >= ORDER) return undefined
  const s = given > ORDER / 2n ? ORDER - given : given
  for (const yParity of [0, 1] as const) {
    if (recovers({ r, s, yParity }, digest, publicKey)) return { r, s, yParity }
  }
  return undefined
}

/** R, S and 27 or 28, as contracts and `ecrecover` take it. */
export function signatureBytes({ r, s, yParity }: EthSignature): Uint8Array {
  return concatBytes(bigEndian(r, SIZE), bigEndian(s, SIZE), Uint8Array.of(27 + yParity))
}

/** A signature as `signatureBytes` wrote it; `undefined` for anything else. */
export function readSignature(bytes: Uint8Array): EthSignature | undefined {
  const v = bytes[2 * SIZE]
  if (bytes.length !== 2 * SIZE + 1 || (v !== 27 && v !== 28)) return undefined
  const r = fromBigEndian(bytes.subarray(0, SIZE))
  const s = fromBigEndian(bytes.subarray(SIZE, 2 * SIZE))
  return { r, s, yParity: v === 27 ? 0 : 1 }
}

function recovers({ r, s, yParity }: EthSignature, digest: Uint8Array, publicKey: EthPublicKey): boolean {
  try {
    const point = new secp256k1.Signature(r, s).addRecoveryBit(yParity).recoverPublicKey(digest)
    return Buffer.from(point.toBytes(false)).equals(publicKey)
  } catch {
    return false // r is the X of no point
  }
}
