import { createConnection, createServer, type Server, type Socket } from 'node:net'

/** A network between one host and a server. Closed, nothing comes through and nobody is told, as behind a cut cable. */
export class Valve {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isOpen = true

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
  }

  static async before(port: number): Promise<Valve> {
    const server = createServer({ pauseOnConnect: true })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const valve = new Valve(server, address.port)
    server.on('connection', (client) => {
      valve.#join(client, createConnection(port, '127.0.0.1'))
    })
    return valve
  }

  shut(): void {
    this.#isOpen = false
    for (const socket of this.#sockets) socket.pause()
  }

  open(): void {
    this.#isOpen = true
    for (const socket of this.#sockets) socket.resume()
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(client: Socket, server: Socket): void {
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('data', (bytes) => other.write(bytes))
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
      if (!this.#isOpen) socket.pause()
      else socket.resume()
    }
  }
}
