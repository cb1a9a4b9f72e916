import { publicKeyFromRaw, type Curve, type PublicKey } from '../../tezos/index.js'

const OCTET_STRING = 0x04
const UNCOMPRESSED = 0x04

/**
 * The key that a CKA_EC_POINT stands for; `undefined` for anything else, and for what is not on the curve.
 */
export function publicKeyFromPoint(curve: Curve, point: Uint8Array): PublicKey | undefined {
  const bare = barePoint(curve, point)
  if (bare === undefined) return undefined
  return publicKeyFromRaw(curve, curve === 'ed25519' ? bare : bare.subarray(1))
}

/**
 * The point itself, of 32 bytes for Ed25519 and else uncompressed, of 65: it is there bare, or in a DER OCTET STRING as
 * PKCS#11 wants it. Points of 65 bytes begin with 04 as well, so the length byte behind it decides. `undefined` for
 * anything else.
 */
export function barePoint(curve: Curve, point: Uint8Array): Uint8Array | undefined {
  const size = curve === 'ed25519' ? 32 : 65
  const isWrapped = point.length === size + 2 && point[0] === OCTET_STRING && point[1] === size
  const bare = isWrapped ? point.subarray(2) : point
  if (bare.length !== size) return undefined
  return curve === 'ed25519' || bare[0] === UNCOMPRESSED ? bare : undefined
}
