const POLYNOMIAL = 0x8005

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 8
  for (let bit = 0; bit < 8; bit += 1) {
    value = value & 0x8000 ? (value << 1) ^ POLYNOMIAL : value << 1
  }
  return value & 0xffff
})

/** CRC-16 of the device: polynomial 0x8005, start 0, most significant bit first; 0xFEE8 for ASCII "123456789". */
export function crc16(bytes: Uint8Array): number {
  let crc = 0
  for (const byte of bytes) {
    crc = ((crc << 8) ^ (TABLE[(crc >> 8) ^ byte] ?? 0)) & 0xffff
  }
  return crc
}
