import type { Socket } from 'node:net'
import type { Clock } from '../../clock.js'
import { encodeFrame, FRAME_HEAD_BYTES, messageSize } from './frame.js'

/** Bounds on one connection, in ms and bytes. */
export type StreamLimits = {
  /** How long a read may take: of a frame's head, counted from the end of the one before, and of its message. */
  readonly readMs: number
  /** How long a frame may take to leave this program. */
  readonly writeMs: number
  /** How long a connection is kept after its last frame, so that the client can read that frame. */
  readonly lingerMs: number
  readonly maxMessageBytes: number
}

/**
 * What came of waiting for a message. `ended`: the client has no more to say, and said nothing by halves. `cut-short`:
 * it ended within a frame. `interrupted`: nobody wants the message any more.
 */
export type Incoming =
  | { readonly kind: 'message'; readonly message: Uint8Array }
  | { readonly kind: 'ended' | 'interrupted' }
  | { readonly kind: 'cut-short' | 'late'; readonly got: number; readonly wanted: number }
  | { readonly kind: 'too-long'; readonly size: number }

type Read =
  | Exclude<Incoming, { readonly kind: 'message' | 'too-long' }>
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }

/**
 * The frames of one connection. It takes from the socket what the message in hand needs and leaves the rest there, so
 * that the system holds back a client that sends ahead.
 */
export class MessageStream {
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #limits: StreamLimits
  readonly #left = new AbortController()
  #look: (() => void) | undefined
  #interrupt: (() => void) | undefined
  #isDiscarding = false

  constructor(socket: Socket, clock: Clock, limits: StreamLimits) {
    this.#socket = socket
    this.#clock = clock
    this.#limits = limits
    socket.on('readable', () => {
      if (this.#isDiscarding) while (socket.read() !== null);
      else if (this.#look !== undefined) this.#look()
      else if (socket.readableLength === 0) socket.read() // shows that the client has left, if it has
    })
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#left.abort()
        this.#look?.()
      })
    }
    socket.on('error', () => undefined) // a reset connection is closed, too
  }

  /** Fires when the client leaves, or ends its side: no answer can wait for it any more. */
  get left(): AbortSignal {
    return this.#left.signal
  }

  /** The next message. */
  async next(): Promise<Incoming> {
    const { maxMessageBytes } = this.#limits
    const head = await this.#read(FRAME_HEAD_BYTES)
    if (head.kind === 'cut-short' && head.got === 0) return { kind: 'ended' }
    if (head.kind !== 'bytes') return head
    const size = messageSize(head.bytes)
    if (size > maxMessageBytes) return { kind: 'too-long', size }
    if (size === 0) return { kind: 'message', message: new Uint8Array() }
    const body = await this.#read(size)
    return body.kind === 'bytes' ? { kind: 'message', message: body.bytes } : body
  }

  /** Ends the wait for a message, if there is one. */
  interrupt(): void {
    this.#interrupt?.()
  }

  /** Whether the client has sent what was not asked for yet. */
  get hasMore(): boolean {
    return this.#socket.readableLength > 0
  }

  /** Sends a message; `false` when the client is gone, or did not take it in time and was cut off. */
  send(message: Uint8Array): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(this.#limits.writeMs, () => {
        this.#socket.destroy()
      })
      this.#socket.write(encodeFrame(message), (error) => {
        cancel()
        resolve(error === undefined || error === null)
      })
    })
  }

  /**
   * Sends the last message, if there is one, and closes; resolves when the connection is gone. What the client still
   * sends is thrown away: left unread, it would make the system reset the connection and lose the message.
   */
  end(message?: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed) {
        resolve()
        return
      }
      const cancel = this.#clock.after(this.#limits.lingerMs, () => {
        this.#socket.destroy()
      })
      this.#socket.once('close', () => {
        cancel()
        resolve()
      })
      this.#isDiscarding = true
      if (message !== undefined) this.#socket.write(encodeFrame(message))
      this.#socket.end()
      while (this.#socket.read() !== null);
    })
  }

  #read(size: number): Promise<Read> {
    return new Promise((resolve) => {
      const settle = (read: Read) => {
        cancel()
        this.#look = undefined
        this.#interrupt = undefined
        resolve(read)
      }
      const cancel = this.#clock.after(this.#limits.readMs, () => {
        settle({ kind: 'late', got: this.#socket.readableLength, wanted: size })
      })
      this.#interrupt = () => {
        settle({ kind: 'interrupted' })
      }
      this.#look = () => {
        const bytes = this.#take(size)
        if (bytes?.length === size) settle({ kind: 'bytes', bytes })
        else if (bytes !== undefined) settle({ kind: 'cut-short', got: bytes.length, wanted: size })
        else if (this.#left.signal.aborted) settle({ kind: 'cut-short', got: 0, wanted: size })
      }
      this.#look()
    })
  }

  /** Exactly `size` bytes, or fewer at the end of the stream; `undefined` while there are not as many. */
  #take(size: number): Uint8Array | undefined {
    const bytes: unknown = this.#socket.read(size)
    return bytes instanceof Uint8Array ? new Uint8Array(bytes) : undefined
  }
}
