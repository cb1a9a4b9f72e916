import { concatBytes, publicKeyHashBytes, type PublicKeyHash } from '../tezos/index.js'

/** Bytes behind their length as a uint32, big endian: how Octez writes texts, bytes and lists. */
export function countedBytes(bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, bytes.length)
  return concatBytes(length, bytes)
}

/** Key hashes behind the length of all of them. */
export function countedKeys(keys: readonly PublicKeyHash[]): Uint8Array {
  return countedBytes(concatBytes(...keys.map(publicKeyHashBytes)))
}
