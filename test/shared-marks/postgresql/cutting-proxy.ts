import { createConnection, createServer, type Server, type Socket } from 'node:net'

/** Stands before a server. From `cut` on, the next answer to anything that was sent is lost with its connection. */
export class CuttingProxy {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Answers that are still to be lost. */
  #cuts: number

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
    this.#cuts = 0
  }

  static async before(port: number): Promise<CuttingProxy> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const proxy = new CuttingProxy(server, address.port)
    server.on('connection', (client) => {
      proxy.#join(client, createConnection(port, '127.0.0.1'))
    })
    return proxy
  }

  cut(answers = 1): void {
    this.#cuts = answers
  }

  get cutsLeft(): number {
    return this.#cuts
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
      socket.on('error', () => other.destroy())
      socket.on('close', () => other.destroy())
    }
    client.on('data', (bytes) => server.write(bytes))
    server.on('data', (bytes) => {
      // 'C' is CommandComplete, and an answer to an UPDATE: it was committed.
      if (this.#cuts > 0 && bytes.includes('UPDATE 1')) {
        this.#cuts -= 1
        client.destroy()
      } else client.write(bytes)
    })
  }
}
