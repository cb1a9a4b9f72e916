import type { IncomingMessage, ServerResponse } from 'node:http'
import { encodeSignature, type PublicKey } from '../../src/tezos/index.js'
import { MisbehavingServer } from '../misbehaving-server.js'
import { signWith, testKey } from '../policy/fixture.js'

/** What a hook is told, as far as tests look at it. */
export type Question = Readonly<Record<string, unknown>> & { readonly nonce: string; readonly kind: string }

/** How a hook answers a question. */
export type Behaviour = (question: Question, response: ServerResponse, request: IncomingMessage) => void

const KEY = testKey('p256', 0x33)

/** A policy hook: a real HTTP server on loopback that can be told to misbehave. It signs its answers. */
export class FakeHook extends MisbehavingServer {
  readonly publicKey: PublicKey = KEY.publicKey
  readonly questions: Question[] = []
  /** Paths that were asked for, in order. */
  readonly paths: string[] = []
  behaviour: Behaviour = (question, response) => {
    this.answer(response, { allow: true, nonce: question.nonce })
  }

  static async start(): Promise<FakeHook> {
    const hook = new FakeHook()
    await hook.listen()
    return hook
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/s3cret/sign`
  }

  /** A whole answer, signed over its very bytes. */
  answer(response: ServerResponse, body: object): void {
    this.send(response, JSON.stringify(body), signed(JSON.stringify(body)))
  }

  send(response: ServerResponse, text: string, signature?: string): void {
    if (signature !== undefined) response.setHeader('x-tezio-signature', signature)
    response.end(text)
  }

  /** Resolves when so many questions were read. */
  asked(count: number): Promise<void> {
    return this.until(() => this.questions.length >= count)
  }

  protected override serve(request: IncomingMessage, response: ServerResponse): void {
    void this.#read(request, response)
  }

  async #read(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const question = JSON.parse(Buffer.concat(chunks).toString()) as Question
    this.questions.push(question)
    this.paths.push(request.url ?? '')
    this.behaviour(question, response, request)
    this.wake()
  }
}

/** The signature of the hook's key over a body. */
export function signed(body: string, key = KEY): string {
  return encodeSignature(key.curve, signWith(key, new TextEncoder().encode(body)))
}

/** Ways in which a hook gives no answer, with what is said of each. `secret` must never be told. */
export const BAD_ANSWERS: readonly (readonly [what: string, code: string, behaviour: Behaviour])[] = [
  ['another status', 'bad-status', (_, response) => response.writeHead(500).end('{"allow":true}')],
  ['no content', 'bad-status', (_, response) => response.writeHead(204).end()],
  ['a redirect', 'bad-status', (_, response) => response.writeHead(307, { location: '/elsewhere' }).end()],
  ['a body that is no JSON', 'malformed', (_, response) => response.end('allow')],
  ['an empty body', 'malformed', (_, response) => response.end()],
  ['allow as text', 'malformed', (_, response) => response.end('{"allow":"true"}')],
  ['no allow', 'malformed', (_, response) => response.end('{"reason":"x"}')],
  ['what nobody knows', 'malformed', (_, response) => response.end('{"allow":true,"deny":true}')],
  ['a list', 'malformed', (_, response) => response.end('[{"allow":true}]')],
  [
    'a body without end',
    'too-long',
    (_, response) => {
      const write = () => {
        while (!response.destroyed && response.write(' '.repeat(4096)));
      }
      response.on('drain', write)
      write()
    },
  ],
  [
    'a body that breaks off',
    'connection-failed',
    (_, response, request) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('{"allow":', () => request.socket.destroy())
    },
  ],
  ['nothing, and hangs up', 'connection-failed', (_, __, request) => request.socket.destroy()],
]
