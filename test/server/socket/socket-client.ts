import { once } from 'node:events'
import net from 'node:net'
import { onTestFinished } from 'vitest'
import { encodeFrame, FRAME_HEAD_BYTES, messageSize } from '../../../src/server/socket/frame.js'
import { decodeReply, type SocketReply } from '../../../src/server/socket/reply.js'
import { encodeRequest, type SocketRequest } from '../../../src/server/socket/request.js'

/** Where a listener of the socket protocol is: `host:port`, or a path. */
export function addressOf(address: string): net.NetConnectOpts {
  const [, host, port] = /^([^/]*):(\d+)$/.exec(address) ?? []
  return port === undefined ? { path: address } : { host: host!, port: Number(port) }
}

/** A connection of the socket protocol, to which a test writes what it likes. */
export class SocketClient {
  readonly socket: net.Socket
  #received = Buffer.alloc(0)
  /** Resolves when the connection is gone, with the code of what broke it. */
  readonly closed: Promise<string | undefined>
  #hasEnded = false

  private constructor(socket: net.Socket) {
    this.socket = socket
    let code: string | undefined
    socket.on('data', (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes])
      socket.emit('received')
    })
    socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code))
    socket.on('end', () => {
      this.#hasEnded = true
      socket.emit('received')
    })
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#hasEnded = true
        socket.emit('received')
        resolve(code)
      })
    })
  }

  /** With `stubborn` the client keeps its end open when the server closes the other. */
  static async open(address: string, stubborn = false): Promise<SocketClient> {
    const socket = net.connect({ ...addressOf(address), allowHalfOpen: stubborn })
    const client = new SocketClient(socket)
    onTestFinished(() => {
      socket.destroy()
    })
    await once(socket, 'connect')
    return client
  }

  /** Resolves when the bytes were handed to the system; `false` when the connection was gone before. */
  write(bytes: Uint8Array): Promise<boolean> {
    return new Promise((resolve) => {
      this.socket.write(bytes, (error) => {
        resolve(error === undefined || error === null)
      })
    })
  }

  ask(request: SocketRequest): Promise<boolean> {
    return this.write(encodeFrame(encodeRequest(request)))
  }

  /** The next message; `undefined` when the server has ended the stream between two frames. */
  async message(): Promise<Uint8Array | undefined> {
    for (;;) {
      const { length } = this.#received
      const size = length < FRAME_HEAD_BYTES ? undefined : FRAME_HEAD_BYTES + messageSize(this.#received)
      if (size !== undefined && length >= size) {
        const message = new Uint8Array(this.#received.subarray(FRAME_HEAD_BYTES, size))
        this.#received = this.#received.subarray(size)
        return message
      }
      if (this.#hasEnded) {
        if (length > 0) throw new Error(`the server ended within a frame, after ${length} bytes`)
        return undefined
      }
      await once(this.socket, 'received')
    }
  }

  /** The next reply to a request of `kind`; it must be one. */
  async reply(kind: SocketRequest['kind'] = 'sign'): Promise<SocketReply> {
    const message = await this.message()
    const reply = message && decodeReply(kind, message)
    if (reply === undefined) throw new Error(`no reply: ${message === undefined ? 'the end' : 'other bytes'}`)
    return reply
  }

  async exchange(request: SocketRequest): Promise<SocketReply> {
    await this.ask(request)
    return this.reply(request.kind)
  }

  /** The code word of the next reply, which must be an error. */
  async code(): Promise<string> {
    return codeOf(await this.reply())
  }
}

/** The code word of an error, or the kind of another reply. */
export function codeOf(reply: SocketReply): string {
  return reply.kind === 'error' ? (reply.errors[0]?.msg.split(':')[0] ?? '') : reply.kind
}
