import {
  addressOfPublicKey,
  parseEthPublicKey,
  type EthAddress,
  type EthPublicKey,
} from '../../ethereum/index.js'
import { publicKeyHash, type PublicKey } from '../../tezos/index.js'
import { DeviceError } from '../device-error.js'
import { barePoint, publicKeyFromPoint } from './ec-point.js'

/** A configured Ethereum key and where it is on the token. At least one of `label` and `id` (CKA_ID in hex) must be given. */
export type EthereumTokenKey = {
  readonly address: EthAddress
  readonly label?: string | undefined
  readonly id?: string | undefined
}

/** An Ethereum key that the token has, with the same key as what it is proven by. */
export type PinnedEthereumKey = {
  readonly address: EthAddress
  readonly publicKey: EthPublicKey
  readonly provable: PublicKey
}

/**
 * The public keys of `keys`, from the points of the token's public key objects, in the same order. Throws a DeviceError:
 * `token-key-missing` where there is none or it signs for Tezos as well, `wrong-device` where none has the address.
 */
export function pinEthereumKeys(
  keys: readonly EthereumTokenKey[],
  points: readonly (readonly Uint8Array[])[],
  tezosKeys: readonly PublicKey[],
): readonly PinnedEthereumKey[] {
  const pinned = keys.map(({ address }, index) => pinKey(address, points[index] ?? []))
  for (const { address, provable } of pinned) {
    const other = tezosKeys.find((key) => isSameKey(key, provable))
    if (other !== undefined) throw inBothRoles(address, other)
  }
  return pinned
}

/** The key that an Ethereum account's point stands for, in both forms; `undefined` where it is none of secp256k1. */
export function ethereumKeyFromPoint(
  point: Uint8Array,
): { readonly publicKey: EthPublicKey; readonly provable: PublicKey } | undefined {
  const bare = barePoint('secp256k1', point)
  const publicKey = bare && parseEthPublicKey(bare)
  const provable = publicKeyFromPoint('secp256k1', point)
  return publicKey && provable && { publicKey, provable }
}

function pinKey(address: EthAddress, points: readonly Uint8Array[]): PinnedEthereumKey {
  if (points.length === 0) {
    const remedy = 'put it there: an address alone is not enough to verify by'
    throw new DeviceError(
      'token-key-missing',
      `${address}: the token has no public key object for it: ${remedy}`,
    )
  }
  const known = points.map((point) => ethereumKeyFromPoint(point))
  const right = known.find((one) => one !== undefined && addressOfPublicKey(one.publicKey) === address)
  if (right !== undefined) return { address, ...right }
  const found = known
    .map((one) => (one === undefined ? 'no secp256k1 key' : addressOfPublicKey(one.publicKey)))
    .join(', ')
  const remedy = 'correct the label or id of the key, or its address'
  throw new DeviceError(
    'wrong-device',
    `${address}: the key of that name on the token is ${found}: ${remedy}`,
  )
}

function isSameKey(one: PublicKey, other: PublicKey): boolean {
  return one.curve === other.curve && Buffer.compare(one.bytes, other.bytes) === 0
}

/** The digests of both may begin alike, and no rule of one chain sees what was signed for the other. */
function inBothRoles(address: EthAddress, tezosKey: PublicKey): DeviceError {
  const remedy = 'make a second key on the token, and name it by its label or id'
  return new DeviceError(
    'token-key-missing',
    `${address} and ${publicKeyHash(tezosKey)} are one key of the token, and a key is tezos or ethereum, never both: ${remedy}`,
  )
}
