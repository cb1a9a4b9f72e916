import { keccak_256 } from '@noble/hashes/sha3.js'

/** Keccak-256 as Ethereum has it: the padding from before SHA-3. 32 bytes. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return keccak_256(bytes)
}
