import { concatBytes } from '@noble/hashes/utils.js'

export { concatBytes }

const HEX = /^0x(?:[0-9a-fA-F]{2})*$/

/** Bytes of `0x` and an even number of hex digits in either case; `undefined` for anything else. */
export function fromHex0x(text: string): Uint8Array | undefined {
  return HEX.test(text) ? new Uint8Array(Buffer.from(text.slice(2), 'hex')) : undefined
}

/** `0x` and lower-case hex, two digits a byte. */
export function toHex0x(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`
}

/** A whole number, big end first. `value` must fit into `size` bytes. */
export function bigEndian(value: bigint, size: number): Uint8Array {
  return new Uint8Array(Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex'))
}

/** The whole number of bytes, big end first. */
export function fromBigEndian(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(toHex0x(bytes))
}
