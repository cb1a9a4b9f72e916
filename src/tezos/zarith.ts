/** The number in groups of 7 bits, least significant first (octez `n`). The layout vouches for its form. */
export function readZarith(bytes: Uint8Array): bigint {
  return bytes.reduceRight((number, group) => (number << 7n) | BigInt(group & 0x7f), 0n)
}
