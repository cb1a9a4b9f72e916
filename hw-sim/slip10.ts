import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { concatBytes, type Curve } from '../src/tezos/index.js'

/** A node of a SLIP-10 tree: 32 bytes of secret key, 32 of chain code. */
export type Node = { readonly secret: Uint8Array; readonly chainCode: Uint8Array }

const MASTER_KEY = { ed25519: 'ed25519 seed', secp256k1: 'Bitcoin seed', p256: 'Nist256p1 seed' } as const
const ORDER = { secp256k1: secp256k1.Point.Fn.ORDER, p256: p256.Point.Fn.ORDER } as const
const HARDENED = 0x8000_0000

/**
 * The node at a path of hardened indexes: `[44, 1729, 0, 0]` is m/44'/1729'/0'/0'.
 * Source: SLIP-0010, with its rules for halves that are no scalar of the curve.
 */
export function deriveNode(curve: Curve, seed: Uint8Array, path: readonly number[]): Node {
  return path.reduce((parent, index) => childNode(curve, parent, index), masterNode(curve, seed))
}

function masterNode(curve: Curve, seed: Uint8Array): Node {
  const key = new TextEncoder().encode(MASTER_KEY[curve])
  let node = digest(key, seed)
  while (curve !== 'ed25519' && !isScalar(curve, number(node.secret))) {
    node = digest(key, concatBytes(node.secret, node.chainCode))
  }
  return node
}

function childNode(curve: Curve, parent: Node, index: number): Node {
  const suffix = new Uint8Array(4)
  new DataView(suffix.buffer).setUint32(0, HARDENED + index)
  let node = digest(parent.chainCode, concatBytes(Uint8Array.of(0), parent.secret, suffix))
  if (curve === 'ed25519') return node
  for (;;) {
    const scalar = (number(node.secret) + number(parent.secret)) % ORDER[curve]
    if (number(node.secret) < ORDER[curve] && scalar !== 0n) {
      return { secret: bytes(scalar), chainCode: node.chainCode }
    }
    node = digest(parent.chainCode, concatBytes(Uint8Array.of(1), node.chainCode, suffix))
  }
}

function digest(key: Uint8Array, data: Uint8Array): Node {
  const whole = hmac(sha512, key, data)
  return { secret: whole.slice(0, 32), chainCode: whole.slice(32) }
}

const isScalar = (curve: 'secp256k1' | 'p256', value: bigint) => value !== 0n && value < ORDER[curve]
const number = (secret: Uint8Array) => BigInt(`0x${Buffer.from(secret).toString('hex')}`)
const bytes = (value: bigint) => new Uint8Array(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'))
