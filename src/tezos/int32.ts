/** The signed big-endian int32 at `at`, as Tezos writes levels and rounds. Rejects with a RangeError outside `bytes`. */
export function int32At(bytes: Uint8Array, at: number): number {
  return view(bytes).getInt32(at)
}

/** The unsigned big-endian 32-bit number at `at`, as Octez writes lengths. Rejects with a RangeError outside `bytes`. */
export function uint32At(bytes: Uint8Array, at: number): number {
  return view(bytes).getUint32(at)
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
