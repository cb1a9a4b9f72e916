import { COMMAND_PREFIX, MAX_COMMAND_SIZE } from '../../src/device/tezio/index.js'
import { concatBytes } from '../../src/tezos/index.js'

/** How long the length bytes may take: 100 polls of 1 ms, and 1 ms after the prefix (docs/protocol.md "Link"). */
export const LENGTH_WAIT_MS = 101
/** How long the rest may take: 100 idle polls of 1 ms, counted over the packet and not from its last byte. */
export const IDLE_BUDGET_MS = 100
/** What waits in the port while the device is busy; beyond it bytes are lost. */
export const QUEUE_SIZE = 65_536

const LENGTH_SIZE = 2

/** A packet as the device has it when it stops reading, the prefix left out. */
export type ReadPacket = {
  /** The first 1024 bytes at most: what the receive buffer holds. */
  readonly bytes: Uint8Array
  /** How many bytes were read, those for which there was no room included. */
  readonly size: number
  /** Why the device stopped before the declared length. */
  readonly readError?: 'length-missing' | 'packet-short'
}

/** What the reader makes of its queue: nothing to do, bytes to wait for until a moment, or a packet. */
export type ReadStep =
  | { readonly kind: 'idle' }
  | { readonly kind: 'waiting'; readonly untilMs: number }
  | { readonly kind: 'packet'; readonly packet: ReadPacket }

type Phase =
  | { readonly kind: 'prefix' }
  | { readonly kind: 'length'; readonly untilMs: number }
  | { readonly kind: 'rest'; readonly declared: number; readonly untilMs: number }

/**
 * Cuts packets out of what the port received. It has no clock: the caller says what time it is. Bytes that are there
 * are taken even when their time is over, because only the caller's timer can have been late.
 */
export class PacketReader {
  /** Bytes skipped because they stood where a prefix was expected. */
  noiseBytes = 0
  /** Bytes lost because `QUEUE_SIZE` were waiting already. */
  droppedBytes = 0

  #queue: Uint8Array = new Uint8Array()
  #phase: Phase = { kind: 'prefix' }
  readonly #buffer = new Uint8Array(MAX_COMMAND_SIZE)
  #size = 0

  /** Adds bytes at the end of the queue. */
  push(bytes: Uint8Array): void {
    const room = Math.min(bytes.length, QUEUE_SIZE - this.#queue.length)
    this.droppedBytes += bytes.length - room
    this.#queue = concatBytes(this.#queue, bytes.subarray(0, room))
  }

  /** The next step at this moment. A `packet` leaves the bytes after it in the queue. */
  next(nowMs: number): ReadStep {
    if (this.#phase.kind === 'prefix') this.#skipToPrefix(nowMs)
    if (this.#phase.kind === 'length') {
      const step = this.#readLength(this.#phase.untilMs, nowMs)
      if (step !== undefined) return step
    }
    return this.#phase.kind === 'rest'
      ? this.#readRest(this.#phase.declared, this.#phase.untilMs, nowMs)
      : { kind: 'idle' }
  }

  /** Forgets the queue and a packet half read: the device starts anew. */
  clear(): void {
    this.#queue = new Uint8Array()
    this.#phase = { kind: 'prefix' }
    this.#size = 0
  }

  #skipToPrefix(nowMs: number): void {
    const at = this.#queue.indexOf(COMMAND_PREFIX)
    const noise = this.#take(at === -1 ? this.#queue.length : at)
    this.noiseBytes += noise.length
    if (at === -1) return
    this.#take(1)
    this.#phase = { kind: 'length', untilMs: nowMs + LENGTH_WAIT_MS }
  }

  #readLength(untilMs: number, nowMs: number): ReadStep | undefined {
    if (this.#queue.length >= LENGTH_SIZE) {
      const [low = 0, high = 0] = this.#take(LENGTH_SIZE)
      this.#buffer.set([low, high])
      this.#size = LENGTH_SIZE
      this.#phase = { kind: 'rest', declared: low | (high << 8), untilMs: nowMs + IDLE_BUDGET_MS }
      return undefined
    }
    return nowMs < untilMs ? { kind: 'waiting', untilMs } : this.#finish('length-missing')
  }

  #readRest(declared: number, untilMs: number, nowMs: number): ReadStep {
    const part = this.#take(Math.max(0, declared - this.#size))
    const room = Math.max(0, this.#buffer.length - this.#size)
    this.#buffer.set(part.subarray(0, room), Math.min(this.#size, this.#buffer.length))
    this.#size += part.length
    if (this.#size >= declared) return this.#finish()
    return nowMs < untilMs ? { kind: 'waiting', untilMs } : this.#finish('packet-short')
  }

  #finish(readError?: 'length-missing' | 'packet-short'): ReadStep {
    const size = this.#size
    const bytes = this.#buffer.slice(0, size)
    this.#phase = { kind: 'prefix' }
    this.#size = 0
    return { kind: 'packet', packet: { bytes, size, ...(readError === undefined ? {} : { readError }) } }
  }

  #take(size: number): Uint8Array {
    const part = this.#queue.slice(0, size)
    this.#queue = this.#queue.slice(size)
    return part
  }
}
