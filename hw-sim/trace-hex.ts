const PER_LINE = 16

/** A hex dump: offset, sixteen bytes, and what of them is printable ASCII, one line each. */
export function hexDump(bytes: Uint8Array): readonly string[] {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += PER_LINE) {
    const row = [...bytes.subarray(at, at + PER_LINE)]
    const digits = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(4, '0')}  ${digits.padEnd(PER_LINE * 3 - 1)}  ${text}`)
  }
  return lines
}
