import { TcpProxy } from '../../tcp-proxy.js'

/** Stands before a server. From `cut` on, the next answer to anything that was sent is lost with its connection. */
export class CuttingProxy {
  readonly #proxy: TcpProxy
  /** Answers that are still to be lost. */
  readonly #cuts: { left: number }

  private constructor(proxy: TcpProxy, cuts: { left: number }) {
    this.#proxy = proxy
    this.#cuts = cuts
  }

  /** `tag` is that of the CommandComplete that is lost, by default of an UPDATE: it was committed. */
  static async before(port: number, tag = 'UPDATE 1'): Promise<CuttingProxy> {
    const cuts = { left: 0 }
    const proxy = await TcpProxy.before(port, (client, server) => {
      client.on('data', (bytes) => server.write(bytes))
      client.resume()
      server.on('data', (bytes) => {
        if (cuts.left > 0 && bytes.includes(tag)) {
          cuts.left -= 1
          client.destroy()
        } else client.write(bytes)
      })
    })
    return new CuttingProxy(proxy, cuts)
  }

  get port(): number {
    return this.#proxy.port
  }

  cut(answers = 1): void {
    this.#cuts.left = answers
  }

  get cutsLeft(): number {
    return this.#cuts.left
  }

  close(): Promise<void> {
    return this.#proxy.close()
  }
}
