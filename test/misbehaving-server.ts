import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** A real HTTP server on loopback, for services that the daemon asks. What extends it says how it answers. */
export abstract class MisbehavingServer {
  /** Connections that were ever made. */
  connections = 0
  readonly #sockets = new Set<Socket>()
  readonly #open = new Set<ServerResponse>()
  readonly #waiting = new Set<() => void>()
  readonly #server: Server

  protected constructor() {
    this.#server = createServer((request, response) => {
      this.#open.add(response)
      response.once('close', () => {
        this.#open.delete(response)
        this.wake()
      })
      this.serve(request, response)
    })
    this.#server.on('connection', (socket) => {
      this.connections += 1
      this.#sockets.add(socket)
      socket.on('error', () => undefined) // a client that gave up
      socket.once('close', () => {
        this.#sockets.delete(socket)
      })
    })
  }

  protected abstract serve(request: IncomingMessage, response: ServerResponse): void

  protected listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Resolves when `isSo` holds; it is looked at after each `wake`. */
  protected async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  /** Something changed. */
  protected wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }

  /** Resolves when no question is open: each was answered to its end, or its connection is gone. */
  settled(): Promise<void> {
    return this.until(() => this.#open.size === 0)
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve()
      })
    })
  }
}
