import { keccak_256 } from '@noble/hashes/sha3.js'
import { toHex } from '../src/tezos/index.js'

/** Bytes of an Ethereum address. */
export const ADDRESS_SIZE = 20

/** An address with the capital letters that are its checksum (EIP-55). */
export function checksummed(address: Uint8Array): string {
  const digits = toHex(address)
  const hash = toHex(keccak_256(new TextEncoder().encode(digits)))
  const cased = Array.from(digits, (digit, at) =>
    Number.parseInt(hash[at] ?? '0', 16) >= 8 ? digit.toUpperCase() : digit,
  )
  return `0x${cased.join('')}`
}
