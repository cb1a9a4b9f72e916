import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** What the header of a block says, as far as it is read. */
export const MAINNET_ID = 'NetXdQprcVkpaWU'

/** An Octez node as far as the head check sees it: a real HTTP server on loopback that can be told to misbehave. */
export class FakeNode {
  level: number
  chain: string = MAINNET_ID
  /** What it does with a question; by default it tells its head. */
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => {
    this.tellHead(response)
  }
  /** The path of every question, in order. */
  readonly questions: string[] = []
  /** Connections that were ever made. */
  connections = 0
  readonly #sockets = new Set<Socket>()
  readonly #unanswered = new Set<ServerResponse>()
  readonly #server: Server
  readonly #waiting = new Set<() => void>()

  private constructor(level: number) {
    this.level = level
    this.#server = createServer((request, response) => {
      this.questions.push(request.url ?? '')
      this.#unanswered.add(response)
      response.once('close', () => {
        this.#unanswered.delete(response)
        this.#wake()
      })
      this.answer(request, response)
      this.#wake()
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

  static async start(level: number): Promise<FakeNode> {
    const node = new FakeNode(level)
    await new Promise<void>((resolve) => node.#server.listen(0, '127.0.0.1', resolve))
    return node
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get rpc(): string {
    return `http://127.0.0.1:${this.port}`
  }

  tellHead(response: ServerResponse): void {
    const { chain: chain_id, level } = this
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ protocol: 'P', chain_id, hash: 'B', level, proto: 1, fitness: ['02'] }))
  }

  /** Resolves when so many questions came. */
  async asked(count: number): Promise<void> {
    while (this.questions.length < count) await this.#change()
  }

  /** Resolves when no question is open: each was answered to its end, or its connection is gone. */
  async settled(): Promise<void> {
    while (this.#unanswered.size > 0) await this.#change()
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve()
      })
    })
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve))
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}
