import type { CommandFields } from '../src/device/tezio/index.js'
import type { CommandName } from './firmware/command-name.js'
import type { Outcome } from './firmware/outcome.js'

/** One packet the device read, and what it made of it. */
export type Exchange = {
  /** From 1, counted since the device was made; restarts do not reset it. */
  readonly number: number
  /** When the packet had been read, by the device's clock. */
  readonly atMs: number
  /** The packet as it was read, prefix left out, 1024 bytes at most. */
  readonly packet: Uint8Array
  /** `undefined` when the packet was refused before it was taken apart. */
  readonly command: CommandFields | undefined
  /** `undefined` for an unknown opcode as well. */
  readonly name: CommandName | undefined
  readonly outcome: Outcome
  /** The whole reply frame, before behaviours. */
  readonly reply: Uint8Array
}

/** What happened since the device was made. */
export type Counters = {
  readonly exchanges: number
  readonly refusals: number
  /** Signatures made, delivered or not; the default signature is none. */
  readonly signatures: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** Bytes skipped before a prefix. */
  readonly noiseBytes: number
  /** Bytes lost because the port's queue was full. */
  readonly droppedBytes: number
  /** Starts, the first included. */
  readonly boots: number
}

/** The last exchanges, oldest first: a ring, so that a long run does not grow. */
export class ExchangeLog {
  readonly #entries: Exchange[] = []
  readonly #size: number

  /** Keeps `size` exchanges. */
  constructor(size: number) {
    this.#size = size
  }

  /** Adds one; the oldest gives way. */
  push(exchange: Exchange): void {
    this.#entries.push(exchange)
    if (this.#entries.length > this.#size) this.#entries.shift()
  }

  /** A copy of what is kept. */
  list(): readonly Exchange[] {
    return [...this.#entries]
  }
}
