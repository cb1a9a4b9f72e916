import type { IncomingMessage, ServerResponse } from 'node:http'
import { MisbehavingServer } from '../misbehaving-server.js'

/** What the header of a block says, as far as it is read. */
export const MAINNET_ID = 'NetXdQprcVkpaWU'

/** An Octez node as far as the head check sees it: a real HTTP server on loopback that can be told to misbehave. */
export class FakeNode extends MisbehavingServer {
  level: number
  chain: string = MAINNET_ID
  /** What it does with a question; by default it tells its head. */
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => {
    this.tellHead(response)
  }
  /** The path of every question, in order. */
  readonly questions: string[] = []

  private constructor(level: number) {
    super()
    this.level = level
  }

  static async start(level: number): Promise<FakeNode> {
    const node = new FakeNode(level)
    await node.listen()
    return node
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
  asked(count: number): Promise<void> {
    return this.until(() => this.questions.length >= count)
  }

  protected override serve(request: IncomingMessage, response: ServerResponse): void {
    this.questions.push(request.url ?? '')
    this.answer(request, response)
    this.wake()
  }
}
