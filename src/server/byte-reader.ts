/** Thrown by a `ByteReader`, and caught by whoever made it: the bytes are not what the layout says. */
export class LayoutError extends Error {}

/** Reads bytes from the front to the end, in Octez' binary encoding. Numbers are big endian. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  byte(what: string): number {
    return this.take(1, what)[0] ?? 0
  }

  uint32(what: string): number {
    const bytes = this.take(4, what)
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  }

  /** The next `size` bytes, as a copy. */
  take(size: number, what: string): Uint8Array {
    if (size > this.remaining) {
      throw new LayoutError(`${what} takes ${size} bytes, and ${this.remaining} are left`)
    }
    this.#at += size
    return this.#bytes.slice(this.#at - size, this.#at)
  }

  /** Bytes behind their length as a uint32. */
  counted(what: string): Uint8Array {
    return this.take(this.uint32(`the length of ${what}`), what)
  }

  /** The rest. */
  rest(): Uint8Array {
    return this.take(this.remaining, 'the rest')
  }

  /** Nothing may follow. */
  end(): void {
    if (this.remaining > 0) throw new LayoutError(`${this.remaining} bytes follow the end of the message`)
  }
}
