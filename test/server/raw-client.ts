import { once } from 'node:events'
import net from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import { onTestFinished } from 'vitest'
import { listen, type Listener, type ListenLimits } from '../../src/server/index.js'
import { checkedAnswer, octezBody, type Answer } from './fixture.js'

/** Short enough for a test to see them end, long enough for a slow machine to answer before. */
export const SHORT_LIMITS: ListenLimits = {
  headersTimeout: 400,
  requestTimeout: 800,
  keepAliveTimeout: 400,
  connectionsCheckingInterval: 50,
  maxHeaderSize: 16 * 1024,
  maxConnections: 1024,
}

type App = { readonly fetch: (request: Request, env: HttpBindings) => Response | Promise<Response> }

export type TestServer = {
  readonly port: number
  readonly url: string
  readonly listener: Listener
  /** The server's end of every connection that a request came over. */
  readonly sockets: ReadonlySet<net.Socket>
}

/** Serves an app on a port that the system chooses, to the end of the test. */
export async function serve(app: App, limits?: ListenLimits): Promise<TestServer> {
  const sockets = new Set<net.Socket>()
  const watched: App = {
    fetch: (request, env) => {
      sockets.add(env.incoming.socket)
      return app.fetch(request, env)
    },
  }
  const listener = await listen(watched, { host: '127.0.0.1', port: 0 }, limits)
  onTestFinished(() => listener.close(0))
  const port = Number(listener.address.split(':')[1])
  return { port, url: `http://${listener.address}`, listener, sockets }
}

/** Loopback addresses, where they are not 127.0.0.1. */
export type Way = { readonly host?: string; readonly localAddress?: string }

/** A connection to which a test writes what it likes. */
export class RawClient {
  readonly socket: net.Socket
  /** What came back so far. */
  received = ''
  /** Resolves when the connection is gone, whoever closed it. */
  readonly closed: Promise<void>

  private constructor(socket: net.Socket) {
    this.socket = socket
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      this.received += text
      socket.emit('received')
    })
    socket.on('error', () => undefined) // a reset connection is closed, too
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        socket.emit('received')
        resolve()
      })
    })
  }

  /**
   * With `stubborn` the client keeps its end open when the server closes the other. `way` is the address it connects to
   * and the one it comes from.
   */
  static async open(port: number, stubborn = false, way: Way = {}): Promise<RawClient> {
    const socket = net.connect({ host: '127.0.0.1', ...way, port, allowHalfOpen: stubborn })
    const client = new RawClient(socket)
    onTestFinished(() => {
      socket.destroy()
    })
    await once(socket, 'connect')
    return client
  }

  /** Resolves when the bytes were handed to the system; `false` when the connection was gone before. */
  write(bytes: string | Uint8Array): Promise<boolean> {
    return new Promise((resolve) => {
      this.socket.write(bytes, (error) => {
        resolve(error === undefined || error === null)
      })
    })
  }

  /** The next `count` answers, each checked; rejects when the connection ends before. */
  async answers(count: number): Promise<readonly Answer[]> {
    const answers: Answer[] = []
    while (answers.length < count) {
      const found = takeAnswer(this.received)
      if (found !== undefined) {
        this.received = this.received.slice(found.size)
        answers.push(found.answer)
      } else if (this.socket.destroyed) {
        throw new Error(`the connection ended after ${answers.length} answers: ${this.received}`)
      } else await once(this.socket, 'received')
    }
    return answers
  }

  async answer(): Promise<Answer> {
    const [answer] = await this.answers(1)
    return answer!
  }
}

/** The first answer in `text`, when it is whole. */
function takeAnswer(text: string): { readonly answer: Answer; readonly size: number } | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [line, ...fields] = text.slice(0, end).split('\r\n')
  const headers = new Headers(fields.map((field) => field.split(/: ?(.*)/s).slice(0, 2) as [string, string]))
  const size = end + 4 + Number(headers.get('content-length'))
  if (text.length < size) return undefined
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line ?? '')?.[1])
  return { answer: checkedAnswer(status, headers, text.slice(end + 4, size)), size }
}

/** One exchange on a connection of its own. */
export async function exchange(port: number, bytes: string | Uint8Array, way?: Way): Promise<Answer> {
  const client = await RawClient.open(port, false, way)
  await client.write(bytes)
  const answer = await client.answer()
  client.socket.destroy()
  return answer
}

export const MiB = 1024 * 1024
/** More than any request has. */
export const HUGE = 100 * MiB

/** Sends `head` and then as much of 100 MB as the server takes; tells how much left the client. */
export async function flood(client: RawClient, head: string, piece: string): Promise<number> {
  let sent = 0
  let isOpen = await client.write(head)
  while (isOpen && sent < HUGE) {
    isOpen = await client.write(piece)
    if (isOpen) sent += piece.length
  }
  await client.closed
  return sent
}

const OCTEZ_HEADERS = [
  'host: localhost:6732',
  'accept: application/json;q=1,application/bson;q=0.100,application/octet-stream;q=0.200',
  'user-agent: ocaml-cohttp/5.3.1',
]

/** The bytes of Octez' GET. */
export function octezGet(path: string): string {
  return [`GET ${path} HTTP/1.1`, ...OCTEZ_HEADERS, '', ''].join('\r\n')
}

/** The head of Octez' sign request, up to its body. */
export function octezHead(key: string): string {
  const [host, ...rest] = OCTEZ_HEADERS
  const headers = [host, 'content-type: application/json', ...rest, 'transfer-encoding: chunked']
  return [`POST /keys/${key}?version=3 HTTP/1.1`, ...headers, '', ''].join('\r\n')
}

/** One chunk of a chunked body. */
export function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`
}

/** The bytes of Octez' sign request: its body is one chunk. */
export function octezPost(key: string, payload: Uint8Array): string {
  return octezHead(key) + chunk(octezBody(payload)) + chunk('')
}

/** A POST with an announced length, which need not be the body's. */
export function plainPost(key: string, body: string, length: number = body.length): string {
  return `POST /keys/${key} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n${body}`
}
