import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Requests that one connection may have waiting behind the one in hand; Octez and Taquito send none ahead. */
const MAX_WAITING = 16

/** What a connection is busy with, and what waits behind it. */
type Line = { current: IncomingMessage; readonly waiting: (() => void)[] }

/**
 * Takes the requests of a connection one after another. Node hands over at once what was sent ahead: it would be served
 * although the answer before it closes the connection, and its signature could reach nobody (RFC 9112, section 9.6).
 */
export class Pipeline {
  readonly #lines = new WeakMap<Socket, Line>()

  /** Calls `serve` once all earlier answers were sent; never, when one of them closed the connection. */
  enter(request: IncomingMessage, response: ServerResponse, serve: () => void): void {
    const { socket } = request
    const line = this.#lines.get(socket) ?? { current: request, waiting: [] }
    const start = () => {
      line.current = request
      response.once('close', () => {
        this.#advance(socket, line)
      })
      serve()
    }
    if (!this.#lines.has(socket)) {
      this.#lines.set(socket, line)
      start()
    } else if (line.waiting.length < MAX_WAITING) line.waiting.push(start)
    else socket.destroy()
  }

  /** Calls `answer` when it is this connection's turn to hear that its latest bytes are no request. */
  afterCurrent(socket: Socket, answer: () => void): void {
    const line = this.#lines.get(socket)
    // An incomplete request is the one that broke.
    if (line?.current.complete === true) line.waiting.push(answer)
    else answer()
  }

  #advance(socket: Socket, line: Line): void {
    if (!socket.writable) return // the line stays: Node goes on reading until the socket is gone
    const next = line.waiting.shift()
    if (next === undefined) this.#lines.delete(socket)
    else next()
  }
}
