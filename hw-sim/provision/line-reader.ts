import type { Clock } from '../clock.js'

const LINE_FEED = 0x0a
/** The serial library gives up on a line when no byte came for this long. */
const BYTE_WAIT_MS = 1000
/** What the port holds while nothing is read; what comes beyond it is lost. */
const BUFFER_SIZE = 256

/**
 * Reads lines as the sketch does: up to a line feed, or until the room is full, or a second after the last byte; all
 * else that has arrived by then is thrown away. So whoever types ahead of a question loses the rest.
 */
export class LineReader {
  readonly #clock: Clock
  #waiting: { readonly room: number; readonly done: (text: string) => void } | undefined
  #buffer: number[] = []
  #cancelTimer: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Adds bytes; they wait until something is read. */
  push(bytes: Uint8Array): void {
    this.#buffer.push(...bytes.subarray(0, BUFFER_SIZE - this.#buffer.length))
    this.#settle()
  }

  /** Reads one line of at most `room` bytes; `done` is called once, perhaps within this call. */
  read(room: number, done: (text: string) => void): void {
    this.#waiting = { room, done }
    this.#settle()
  }

  /** Forgets what arrived and whoever waits. */
  clear(): void {
    this.#cancelTimer?.()
    this.#waiting = undefined
    this.#buffer = []
  }

  #settle(): void {
    if (this.#waiting === undefined || this.#buffer.length === 0) return
    this.#cancelTimer?.()
    const end = this.#buffer.slice(0, this.#waiting.room).indexOf(LINE_FEED)
    if (end !== -1) this.#finish(end)
    else if (this.#buffer.length >= this.#waiting.room) this.#finish(this.#waiting.room)
    else
      this.#cancelTimer = this.#clock.schedule(BYTE_WAIT_MS, () => {
        this.#finish(this.#buffer.length)
      })
  }

  #finish(size: number): void {
    const done = this.#waiting?.done
    const text = Buffer.from(this.#buffer.slice(0, size)).toString('latin1')
    this.clear()
    done?.(text)
  }
}
