/** The first byte of the payloads of a kind that `allow` can name. */
export function byteOfKind(kind: string): number {
  switch (kind) {
    case 'block':
      return 0x11
    case 'preattestation':
      return 0x12
    case 'attestation':
      return 0x13
    case 'michelson_data':
      return 0x05
    default:
      return 0x03
  }
}

/** The first bytes of some kinds, in order, each once. */
export function bytesOfKinds(kinds: readonly string[]): readonly number[] {
  return [...new Set(kinds.map(byteOfKind))].sort((left, right) => left - right)
}
