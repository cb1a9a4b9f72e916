import type { Socket } from 'node:net'
import { TcpProxy } from '../tcp-proxy.js'

/** A network between one host and a server. Closed, nothing comes through and nobody is told, as behind a cut cable. */
export class Valve {
  readonly #proxy: TcpProxy
  readonly #state: { isOpen: boolean }

  private constructor(proxy: TcpProxy, state: { isOpen: boolean }) {
    this.#proxy = proxy
    this.#state = state
  }

  static async before(port: number): Promise<Valve> {
    const state = { isOpen: true }
    const pass = (from: Socket, to: Socket) => {
      from.on('data', (bytes) => to.write(bytes))
      if (state.isOpen) from.resume()
      else from.pause()
    }
    const proxy = await TcpProxy.before(port, (client, server) => {
      pass(client, server)
      pass(server, client)
    })
    return new Valve(proxy, state)
  }

  get port(): number {
    return this.#proxy.port
  }

  shut(): void {
    this.#state.isOpen = false
    for (const socket of this.#proxy.sockets) socket.pause()
  }

  open(): void {
    this.#state.isOpen = true
    for (const socket of this.#proxy.sockets) socket.resume()
  }

  close(): Promise<void> {
    return this.#proxy.close()
  }
}
