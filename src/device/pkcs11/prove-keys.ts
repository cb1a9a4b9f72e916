import { randomBytes } from 'node:crypto'
import {
  normaliseSignature,
  publicKeyHash,
  verifySignature,
  type Curve,
  type PublicKey,
  type PublicKeyHash,
} from '../../tezos/index.js'
import { DeviceError } from '../device-error.js'
import { publicKeyFromPoint } from './ec-point.js'

/** A configured key and where it is on the token. At least one of `label` and `id` (CKA_ID in hex) must be given. */
export type TokenKey = {
  readonly publicKeyHash: PublicKeyHash
  readonly curve: Curve
  readonly label?: string | undefined
  readonly id?: string | undefined
  /** Needed where the token keeps no public key object beside the private one. */
  readonly publicKey?: PublicKey | undefined
}

/**
 * The public key of `key`, from the token's public key objects or from the configuration. Throws a DeviceError:
 * `token-key-missing` where neither has one, `wrong-device` where none hashes to the address.
 */
export function publicKeyOf(key: TokenKey, points: readonly Uint8Array[]): PublicKey {
  const { publicKeyHash: address, curve } = key
  if (points.length === 0 && key.publicKey === undefined) {
    const remedy = 'put it there, or give public_key with the key'
    throw new DeviceError(
      'token-key-missing',
      `${address}: the token has no public key object for it: ${remedy}`,
    )
  }
  const known = points.length > 0 ? points.map((point) => publicKeyFromPoint(curve, point)) : [key.publicKey]
  const right = known.find((one) => one !== undefined && publicKeyHash(one) === address)
  if (right !== undefined) return right
  const found = known.map((one) => (one === undefined ? `no ${curve} key` : publicKeyHash(one))).join(', ')
  const remedy = 'correct the label or id of the key, or its address'
  throw new DeviceError(
    'wrong-device',
    `${address}: the key of that name on the token is ${found}: ${remedy}`,
  )
}

/** Lets the token sign a random digest and verifies it. Throws a DeviceError `wrong-device` for a signature by another key. */
export async function proveKey(
  key: PublicKey,
  name: string,
  sign: (digest: Uint8Array) => Promise<Uint8Array>,
): Promise<void> {
  const digest = Uint8Array.from(randomBytes(32))
  const signature = normaliseSignature(key.curve, await sign(digest))
  if (verifySignature(key, digest, signature)) return
  const text = `${name}: what the token signs with the private key of that name does not verify: its public key object belongs to another key`
  throw new DeviceError('wrong-device', text, { sent: true })
}
