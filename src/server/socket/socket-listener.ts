import { randomUUID } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../../clock.js'
import { addressOf, bindTcp, type TcpTarget } from '../bind.js'
import type { Sinks } from '../error-funnel.js'
import type { HttpRefusal } from '../http-status.js'
import { peerSet, unmapped, type PeerRange } from '../peers.js'
import type { Questions } from '../questions.js'
import { MAX_BODY_BYTES } from '../sign-body.js'
import { Connection, type Service } from './connection.js'
import { FRAME_HEAD_BYTES } from './frame.js'
import type { StreamLimits } from './message-stream.js'
import { bindUnixSocket, type UnixSocket } from './unix-socket.js'

/** What the clients of a socket listener are served with. */
export type SocketService = {
  readonly questions: Questions
  /** Peers that may ask over TCP; who may open a Unix socket is said by its file. */
  readonly allowedPeers: readonly PeerRange[] | 'any'
}

/** Bounds on a listener and on each of its connections. */
export type SocketLimits = StreamLimits & {
  /** Connections that are served at once; a few more are told so, and all others are closed. */
  readonly maxConnections: number
}

/** Octez waits 8 s for each read, on both sides (`lwt_utils_unix.ml:43`). */
export const SOCKET_LIMITS: SocketLimits = {
  readMs: 8_000,
  writeMs: 8_000,
  lingerMs: 1_000,
  maxMessageBytes: MAX_BODY_BYTES,
  maxConnections: 1024,
}

/** Connections beyond `maxConnections` that hear why they are not served. */
const REFUSED_AT_ONCE = 64

export type SocketOptions = Sinks & { readonly clock: Clock; readonly limits?: SocketLimits }

/** Where a socket listener listens. */
export type SocketTarget = TcpTarget | UnixSocket

/** A listener of Octez' socket protocol. */
export type SocketListener = {
  /** `host:port`, or the path of a Unix socket. */
  readonly address: string
  /** Serves with another service from the next request on; requests in hand end with theirs. */
  readonly replaceService: (service: SocketService) => void
  /** Takes no new connection, lets answers in hand be sent, and closes everything after `graceMs` at the latest. */
  readonly close: (graceMs: number) => Promise<void>
}

/** Serves the socket protocol. Rejects with a `ListenError`, or with the system's for an address that cannot be had. */
export async function listenOnSocket(
  service: SocketService,
  target: SocketTarget,
  { clock, limits = SOCKET_LIMITS, onFault, onRefused }: SocketOptions,
): Promise<SocketListener> {
  const listener = 'path' in target ? 'unix' : 'tcp'
  let current = prepared(service)
  const connections = new Map<Connection, Socket>()
  const server = createServer({
    allowHalfOpen: true, // so that a request that is cut short can be answered
    noDelay: true,
    highWaterMark: FRAME_HEAD_BYTES + limits.maxMessageBytes,
  })
  server.maxConnections = limits.maxConnections + REFUSED_AT_ONCE
  server.on('connection', (socket) => {
    const serviceNow = () => current(socket)
    const connection = new Connection(socket, {
      ...{ listener, clock, limits, onFault, onRefused, newId: randomUUID, service: serviceNow },
    })
    connections.set(connection, socket)
    const isTooMany = connections.size > limits.maxConnections
    const served = isTooMany ? connection.refuse(tooMany(limits)) : connection.serve()
    served
      .catch((error: unknown) => {
        onFault(error)
        socket.destroy()
      })
      .finally(() => connections.delete(connection))
  })
  await ('path' in target ? bindUnixSocket(server, target) : bindTcp(server, target))
  return {
    address: addressOf(server),
    replaceService: (next) => {
      current = prepared(next)
    },
    close: (graceMs) => close(server, connections, clock, graceMs),
  }
}

/** A service, told for each connection. */
function prepared({ questions, allowedPeers }: SocketService): (socket: Socket) => Service {
  const peers = peerSet(allowedPeers)
  return (socket) => ({
    questions,
    refusal: peerRefusal(socket, (address) => peers.has(address)),
  })
}

function peerRefusal(
  { remoteAddress }: Socket,
  isAllowed: (address: string) => boolean,
): HttpRefusal | undefined {
  if (remoteAddress === undefined || isAllowed(remoteAddress)) return undefined
  return { code: 'peer-not-allowed', message: `${unmapped(remoteAddress)} is not among allowed_ips` }
}

function tooMany({ maxConnections }: SocketLimits): HttpRefusal {
  const message = `${maxConnections} connections are open, which is the limit; close some, or try again`
  return { code: 'too-many-connections', message }
}

function close(
  server: Server,
  connections: ReadonlyMap<Connection, Socket>,
  clock: Clock,
  graceMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(graceMs, () => {
      for (const socket of connections.values()) socket.destroy()
    })
    server.close(() => {
      cancel()
      resolve()
    })
    for (const connection of connections.keys()) connection.stop()
  })
}
