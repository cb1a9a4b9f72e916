import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { MisbehavingServer } from '../../misbehaving-server.js'

/** What the server behind answered. */
export type Answer = {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: Buffer
}

/** What is done with one request; `forward` takes it to the server behind and brings its answer. */
export type Misdeed = (forward: () => Promise<Answer>, response: ServerResponse) => void | Promise<void>

/** A server in front of another that does with each request what it is told, in order, and then lets all pass. */
export class Front extends MisbehavingServer {
  readonly misdeeds: Misdeed[] = []
  /** What is done with every request that no misdeed is left for. */
  always: Misdeed = pass
  /** The operation of each request, in order. */
  readonly operations: string[] = []
  /** Its body. */
  readonly bodies: string[] = []
  readonly #behind: number

  private constructor(behind: number) {
    super()
    this.#behind = behind
  }

  static async start(behind: number): Promise<Front> {
    const front = new Front(behind)
    await front.listen()
    return front
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  protected override serve(request: IncomingMessage, response: ServerResponse): void {
    void this.#serve(request, response)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const target = request.headers['x-amz-target']
    this.operations.push(typeof target === 'string' ? (target.split('.')[1] ?? '') : '')
    this.bodies.push(Buffer.concat(chunks).toString())
    const misdeed = this.misdeeds.shift() ?? this.always
    await misdeed(() => this.#forward(request, Buffer.concat(chunks)), response)
    this.wake()
  }

  /** Resolves when so many requests were served or spoiled. */
  served(count: number): Promise<void> {
    return this.until(() => this.operations.length >= count)
  }

  #forward(request: IncomingMessage, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { method, url: path, headers } = request
      const options = { host: '127.0.0.1', port: this.#behind, method, path, headers, agent: false }
      const onward = httpRequest(options, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('end', () => {
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) })
        })
      })
      onward.on('error', reject)
      onward.end(body)
    })
  }
}

/** Gives the answer of the server behind. */
export const pass: Misdeed = async (forward, response) => {
  const { status, headers, body } = await forward()
  response.writeHead(status, headers).end(body)
}

/** Takes the request to the server behind and cuts the connection off before a word of its answer. */
export const cutAfter: Misdeed = async (forward, response) => {
  await forward()
  response.destroy()
}

/** Cuts the connection off without asking the server behind. */
export const cut: Misdeed = (_, response) => {
  response.destroy()
}

/** Never answers. */
export const silence: Misdeed = () => undefined

/** Answers by itself. */
export function say(status: number, body: string, headers: Record<string, string> = {}): Misdeed {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', ...headers }).end(body)
  }
}

/** An error as DynamoDB gives it. */
export function sayError(status: number, name: string, message = 'told by the server'): Misdeed {
  return say(status, JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message }))
}
