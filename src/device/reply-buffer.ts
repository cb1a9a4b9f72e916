import { concatBytes } from '../tezos/index.js'
import { MAX_REPLY_SIZE, scanReply } from './tezio/index.js'

/** The bytes that arrived and were not read yet: bounded, because a cable can send for ever. */
const MAX_BUFFERED = 16 * MAX_REPLY_SIZE

type Taken = { readonly body: Uint8Array | undefined; readonly noiseBytes: number }

/** Collects what the port delivers and takes replies out of it. */
export class ReplyBuffer {
  #bytes = new Uint8Array()

  get length(): number {
    return this.#bytes.length
  }

  /** Appends; the oldest bytes go when there are more than any reply with its noise could need. */
  push(bytes: Uint8Array): void {
    const all = this.#bytes.length === 0 ? bytes.slice() : concatBytes(this.#bytes, bytes)
    this.#bytes = all.subarray(Math.max(0, all.length - MAX_BUFFERED)).slice()
  }

  /**
   * The first whole reply of one of the frame sizes, with the count of noise bytes dropped before it.
   * On a silent line nothing more will come, so what looks like the beginning of a reply is noise too.
   */
  take(sizes: readonly number[], line: 'live' | 'silent' = 'live'): Taken {
    let noiseBytes = 0
    while (this.#bytes.length > 0) {
      const scan = scanReply(this.#bytes, sizes)
      if (scan.kind === 'partial' && line === 'live') break
      const size = scan.kind === 'partial' ? 1 : scan.size
      this.#bytes = this.#bytes.slice(size)
      if (scan.kind === 'reply') return { body: scan.body, noiseBytes }
      noiseBytes += size
    }
    return { body: undefined, noiseBytes }
  }

  /** Throws everything away and tells how much of it were whole replies, and how much was not. */
  clear(): { readonly frameBytes: number; readonly noiseBytes: number } {
    let frameBytes = 0
    const all = this.#bytes.length
    while (this.#bytes.length > 0) {
      const scan = scanReply(this.#bytes)
      if (scan.kind === 'reply') frameBytes += scan.size
      this.#bytes = this.#bytes.slice(scan.kind === 'partial' ? 1 : scan.size)
    }
    return { frameBytes, noiseBytes: all - frameBytes }
  }
}
