import { addr } from 'micro-eth-signer'
import { fromHex0x } from './bytes.js'
import type { EthPublicKey } from './public-key.js'

/** An address as EIP-55 writes it: checked, and so safe as a map key and in a log. */
export type EthAddress = string & { readonly brand: 'EthAddress' }

const LOWER = /^0x[0-9a-f]{40}$/
const MIXED = /^0x[0-9a-fA-F]{40}$/

/** The address of nobody. */
export const ZERO_ADDRESS = '0x0000000000000000000000000000000000000000' as EthAddress

/** An address with a right EIP-55 checksum, or all in lower case; `undefined` for any other text. */
export function parseEthAddress(text: string): EthAddress | undefined {
  if (!MIXED.test(text)) return undefined
  const written = addr.addChecksum(text.toLowerCase())
  return text === written || LOWER.test(text) ? (written as EthAddress) : undefined
}

/** The last 20 bytes of the Keccak-256 of a key's X and Y. */
export function addressOfPublicKey(key: EthPublicKey): EthAddress {
  return addr.fromPublicKey(key) as EthAddress
}

/** The 20 bytes of an address. */
export function ethAddressBytes(address: EthAddress): Uint8Array {
  const bytes = fromHex0x(address)
  if (bytes === undefined) throw new RangeError(`not an address: ${address}`)
  return bytes
}
