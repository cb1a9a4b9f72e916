import { createConnection, createServer, type Server, type Socket } from 'node:net'

/** Stands before a server on loopback; what becomes of each connection is the caller's. */
export class TcpProxy {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
  }

  /** `join` is given both ends of each connection, with nothing read from them yet. */
  static async before(port: number, join: (client: Socket, server: Socket) => void): Promise<TcpProxy> {
    const listener = createServer({ pauseOnConnect: true })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const address = listener.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const proxy = new TcpProxy(listener, address.port)
    listener.on('connection', (client) => {
      const server = createConnection(port, '127.0.0.1')
      proxy.#keep(client, server)
      proxy.#keep(server, client)
      join(client, server)
    })
    return proxy
  }

  /** The sockets of both sides that are there now. */
  get sockets(): ReadonlySet<Socket> {
    return this.#sockets
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** An end that closes takes the other with it. */
  #keep(socket: Socket, other: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      other.destroy()
    })
  }
}
