import type { MarkKind } from './signable.js'

/** The first byte of each kind that has a mark. */
export const MARK_BYTES: Readonly<Record<MarkKind, number>> = {
  block: 0x11,
  preattestation: 0x12,
  attestation: 0x13,
}

/** The first byte of the payloads of a kind, by the names a configuration has for kinds; operations are 0x03. */
export function byteOfKind(kind: string): number {
  const mark = Object.entries(MARK_BYTES).find(([name]) => name === kind)
  if (mark !== undefined) return mark[1]
  return kind === 'michelson_data' ? 0x05 : 0x03
}
