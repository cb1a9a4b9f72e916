import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { getRequestListener, RequestError, type HttpBindings } from '@hono/node-server'
import { handshakeFailure, Handshakes, type HandshakeFailed, type TlsFiles } from './handshakes.js'
import { addressOf, bindForOwner, bindTcp, type TcpTarget } from './bind.js'
import { errorResponse } from './http-status.js'
import { Pipeline } from './pipeline.js'
import type { ListenerBindings } from './request-id.js'

/** A listening server. */
export type Listener = {
  /** `host:port`, or the path of a Unix socket. */
  readonly address: string
  /** Serves another app from the next request on; requests in hand end with theirs, and connections stay open. */
  readonly replaceApp: (app: App) => void
  /** Shows another certificate from the next handshake on; open connections stay as they are. It was checked before. */
  readonly replaceTls: (files: TlsFiles) => void
  /** Takes no new connection, lets answers in hand be sent, and closes everything after `graceMs` at the latest. */
  readonly close: (graceMs: number) => Promise<void>
}

/** A TCP address (port 0 lets the system choose) or a Unix socket, which only this user may open. */
export type ListenTarget = TcpTarget | { readonly path: string }

/**
 * Bounds on every connection, in ms, bytes and counts. A client that sends its request slowly or not at all is cut
 * off; more connections than this are closed at once.
 */
export type ListenLimits = {
  /** From a connection's first packet until it is secure, where the listener speaks TLS. */
  readonly handshakeTimeout?: number
  readonly headersTimeout: number
  readonly requestTimeout: number
  readonly keepAliveTimeout: number
  readonly connectionsCheckingInterval: number
  readonly maxHeaderSize: number
  readonly maxConnections: number
}

const HANDSHAKE_TIMEOUT_MS = 5_000

const LIMITS: ListenLimits = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 16 * 1024,
  maxConnections: 1024,
}

/** What answers requests: a Hono app. */
export type App = {
  readonly fetch: (request: Request, env: ListenerBindings) => Response | Promise<Response>
}

/** TLS for a listener. Whether clients must have certificates cannot be replaced later. */
export type ListenTls = TlsFiles & { readonly onFailed?: (failed: HandshakeFailed) => void }

type Server = HttpServer | HttpsServer

/** Serves an app, over TLS where there is some. Rejects with the system's error when the address cannot be had. */
export async function listen(
  app: App,
  target: ListenTarget,
  limits: ListenLimits = LIMITS,
  tls?: ListenTls,
): Promise<Listener> {
  let current = app
  const handshakes = new Handshakes(limits.handshakeTimeout ?? HANDSHAKE_TIMEOUT_MS, tls?.clientCa)
  const fetch = (request: Request, env: unknown) => {
    const bindings = env as HttpBindings
    const clientCertificate = handshakes.certificateOf(bindings.incoming.socket)
    return current.fetch(request, { ...bindings, clientCertificate })
  }
  const handle = getRequestListener(fetch, { errorHandler: badRequest })
  const pipeline = new Pipeline()
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    response.once('close', () => {
      if (!request.complete) request.socket.destroySoon() // Node would read the rest of the body, however long
      if (!server.listening) server.closeIdleConnections() // kept alive, it would hold up close()
    })
    pipeline.enter(request, response, () => void handle(request, response))
  }
  const server = createListener(limits, tls, serve)
  server.on('checkExpectation', serve)
  server.maxConnections = limits.maxConnections
  if (tls !== undefined) watchHandshakes(server, handshakes)
  server.on('clientError', (error: Error, socket: Socket) => {
    if (tls !== undefined && !handshakes.isComplete(socket)) {
      tls.onFailed?.(handshakeFailure(error, socket))
      socket.destroy() // nothing that is written could be read
      return
    }
    pipeline.afterCurrent(socket, () => {
      answerBrokenRequest(socket)
    })
  })
  if ('path' in target) {
    rmSync(target.path, { force: true })
    await bindForOwner(server, target.path)
    chmodSync(target.path, 0o600) // throws where the system cut a path that is too long
  } else await bindTcp(server, target)
  return {
    address: addressOf(server),
    replaceApp: (next) => {
      current = next
    },
    replaceTls: (files) => {
      if ('setSecureContext' in server) server.setSecureContext(secureOptions(files))
      handshakes.clientCa = files.clientCa
    },
    close: (graceMs) => {
      const closed = close(server, graceMs)
      handshakes.endPending()
      return closed
    },
  }
}

type Serve = (request: IncomingMessage, response: ServerResponse) => void

function createListener(limits: ListenLimits, tls: TlsFiles | undefined, serve: Serve): Server {
  // Node would answer a missing Host and a foreign Expect itself: without a body, and with a status of its own.
  const options = { ...limits, requireHostHeader: false }
  if (tls === undefined) return createServer(options, serve)
  const isMutual = tls.clientCa !== undefined
  return createTlsServer(
    { ...options, ...secureOptions(tls), requestCert: isMutual, rejectUnauthorized: isMutual },
    serve,
  )
}

function secureOptions({ cert, key, clientCa }: TlsFiles) {
  return { cert, key, minVersion: 'TLSv1.2', ...(clientCa === undefined ? {} : { ca: clientCa }) } as const
}

function watchHandshakes(server: Server, handshakes: Handshakes): void {
  server.on('connection', (socket: Socket) => {
    handshakes.begin(socket)
  })
  server.on('secureConnection', (socket: Socket) => {
    handshakes.complete(socket)
  })
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.closeAllConnections()
    }, graceMs)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
}

const BROKEN = errorResponse({
  code: 'malformed-body',
  message: 'this is no HTTP request the bridge can read',
})

/** What Node's parser gave up on (bad syntax, too large a header, too slow) is answered like any bad request. */
function answerBrokenRequest(socket: Socket): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const head = `HTTP/1.1 ${BROKEN.status} Bad Request\r\nconnection: close\r\ncontent-type: application/json`
  socket.end(`${head}\r\ncontent-length: ${Buffer.byteLength(BROKEN.body)}\r\n\r\n${BROKEN.body}`)
  socket.destroySoon() // a client that never closes its end would hold the connection for ever
}

function badRequest(error: unknown): Response {
  const refusal =
    error instanceof RequestError
      ? BROKEN
      : errorResponse({ code: 'internal-error', message: 'the bridge failed; its log says why' })
  return new Response(refusal.body, {
    status: refusal.status,
    headers: { 'content-type': 'application/json', connection: 'close' },
  })
}
