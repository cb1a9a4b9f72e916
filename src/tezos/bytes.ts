const HEX = /^(?:[0-9a-fA-F]{2})*$/

/** Bytes of an even-length hex string in either case; `undefined` for anything else (prefixes, spaces, odd length). */
export function fromHex(text: string): Uint8Array | undefined {
  return HEX.test(text) ? new Uint8Array(Buffer.from(text, 'hex')) : undefined
}

/** Lower-case hex, two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

/** `0x0a` style, for messages that name one byte. */
export function hexByte(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`
}

/** One array holding all the parts in order. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** Equality of public data. It stops at the first difference: never use it on a secret. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}
