import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { KeyAlias } from '../src/device/tezio/index.js'
import { toHex, type Curve, type PublicKey } from '../src/tezos/index.js'
import type { RandomBytes } from './random-bytes.js'

/** The four keys of a device, by the names a keys file uses. */
export type KeyName = 'auth' | 'ed25519' | 'secp256k1' | 'p256'

/** Every key's name, at the index of its alias (docs/protocol.md "Commands"). */
export const KEY_NAMES = ['auth', 'ed25519', 'secp256k1', 'p256'] as const satisfies readonly KeyName[]

/** Every alias, in order. */
export const ALIASES: readonly KeyAlias[] = [0, 1, 2, 3]

/** The curve of each key: the authentication key is a second P-256 key. */
export const CURVE_OF = {
  auth: 'p256',
  ed25519: 'ed25519',
  secp256k1: 'secp256k1',
  p256: 'p256',
} as const satisfies Record<KeyName, Curve>

const SECRET_SIZE = 32

/** Whether `secret` is a secret key of `curve`: 32 bytes, and for the ECDSA curves a scalar from 1 to n - 1. */
export function isSecretKey(curve: Curve, secret: Uint8Array): boolean {
  if (secret.length !== SECRET_SIZE) return false
  if (curve === 'ed25519') return true
  return ecdsa(curve).utils.isValidSecretKey(secret)
}

/** One key of a device. Its secret is a private field: inspecting, logging or serialising the key does not show it. */
export class DeviceKey {
  readonly curve: Curve
  readonly publicKey: PublicKey
  /** The device's raw form: 32 bytes for Ed25519, X then Y (64 bytes) otherwise. */
  readonly rawPublicKey: Uint8Array
  readonly #secret: Uint8Array

  /** Throws a RangeError when `isSecretKey` does not hold. */
  constructor(curve: Curve, secret: Uint8Array) {
    if (!isSecretKey(curve, secret)) throw new RangeError(`not a secret key of ${curve}`)
    this.curve = curve
    this.#secret = secret.slice()
    this.publicKey = { curve, bytes: publicBytes(curve, secret) }
    this.rawPublicKey =
      curve === 'ed25519' ? this.publicKey.bytes : ecdsa(curve).getPublicKey(secret, false).slice(1)
  }

  /**
   * The 64 bytes R, S over a 32-byte digest, as the firmware makes them: Ed25519 is deterministic, ECDSA mixes
   * `random` into its nonce; secp256k1 has a low S, P-256 is not normalised.
   */
  sign(digest: Uint8Array, random: RandomBytes): Uint8Array {
    if (this.curve === 'ed25519') return ed25519.sign(digest, this.#secret)
    const options = { prehash: false, lowS: this.curve === 'secp256k1', extraEntropy: random(SECRET_SIZE) }
    return ecdsa(this.curve).sign(digest, this.#secret, options)
  }

  /**
   * The same by ECDSA with a nonce of the caller's, 32 bytes: what no signer may ever do with two digests, since both
   * signatures together give the secret away. Throws a RangeError for Ed25519 and a nonce that is no scalar.
   */
  signWithNonce(digest: Uint8Array, nonce: Uint8Array): Uint8Array {
    if (this.curve === 'ed25519' || !isSecretKey(this.curve, nonce))
      throw new RangeError('not a nonce of ECDSA')
    const { Point, Signature } = ecdsa(this.curve)
    const k = Point.Fn.fromBytes(nonce)
    const r = Point.Fn.create(Point.BASE.multiply(k).x)
    const z = Point.Fn.create(BigInt(`0x${toHex(digest)}`))
    const s = Point.Fn.div(Point.Fn.add(z, Point.Fn.mul(r, Point.Fn.fromBytes(this.#secret))), k)
    const isHigh = this.curve === 'secp256k1' && new Signature(r, s).hasHighS()
    return new Signature(r, isHigh ? Point.Fn.neg(s) : s).toBytes()
  }

  /** The device's own verdict: unlike a Tezos node it takes a high S of secp256k1. Never throws. */
  verify(digest: Uint8Array, signature: Uint8Array): boolean {
    try {
      if (this.curve === 'ed25519') {
        return ed25519.verify(signature, digest, this.publicKey.bytes, { zip215: false })
      }
      const options = { prehash: false, lowS: false }
      return ecdsa(this.curve).verify(signature, digest, this.publicKey.bytes, options)
    } catch {
      return false // noble throws on scalars and points out of range: not a signature
    }
  }
}

function ecdsa(curve: 'secp256k1' | 'p256') {
  return curve === 'p256' ? p256 : secp256k1
}

function publicBytes(curve: Curve, secret: Uint8Array): Uint8Array {
  return curve === 'ed25519' ? ed25519.getPublicKey(secret) : ecdsa(curve).getPublicKey(secret, true)
}
