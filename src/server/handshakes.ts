import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { systemErrorCode } from '../system-error.js'
import type { ClientCertificate } from './caller.js'

/** What TLS is made of, as PEM text. With `clientCa` clients have to show a certificate that it signed. */
export type TlsFiles = {
  readonly cert: string
  readonly key: string
  readonly clientCa: string | undefined
}

/** A connection that ended before it was one. The reason is OpenSSL's word for it, never the client's. */
export type HandshakeFailed = {
  readonly event: 'tls.handshake-failed'
  readonly peer: string | undefined
  readonly reason: string
}

/** A connection, from its first packet on, and the authority that was in force then. */
type Handshake = { readonly socket: Socket; readonly clientCa: string | undefined }

/** The connections of a TLS listener: those that are not secure yet, and by which authority the others were verified. */
export class Handshakes {
  readonly #limitMs: number
  readonly #pending = new Map<string, Handshake>()
  readonly #verifiedBy = new WeakMap<Socket, string | undefined>()
  /** The authority in force. */
  clientCa: string | undefined

  constructor(limitMs: number, clientCa: string | undefined) {
    this.#limitMs = limitMs
    this.clientCa = clientCa
  }

  /** A connection came: it is cut off after the limit, however busy it is, unless it is secure by then. */
  begin(socket: Socket): void {
    const name = nameOf(socket)
    const handshake = { socket, clientCa: this.clientCa }
    this.#pending.set(name, handshake)
    const timer = setTimeout(() => {
      if (this.#pending.get(name) === handshake) socket.destroy()
    }, this.#limitMs)
    socket.once('close', () => {
      clearTimeout(timer)
      if (this.#pending.get(name) === handshake) this.#pending.delete(name)
    })
  }

  /** It is secure: `socket` is its other face, which requests come over. */
  complete(socket: Socket): void {
    const name = nameOf(socket)
    this.#verifiedBy.set(socket, this.#pending.get(name)?.clientCa)
    this.#pending.delete(name)
  }

  isComplete(socket: Socket): boolean {
    return this.#verifiedBy.has(socket)
  }

  /** The client's certificate, unless it was verified by an authority that is in force no more. */
  certificateOf(socket: Socket): ClientCertificate | undefined {
    if (!(socket instanceof TLSSocket) || !socket.authorized || this.clientCa === undefined) return undefined
    if (this.#verifiedBy.get(socket) !== this.clientCa) return undefined
    const certificate = socket.getPeerCertificate()
    return Object.hasOwn(certificate, 'fingerprint256') ? certificate : undefined
  }

  /** Ends whatever is not secure yet: it would hold up a listener that closes. */
  endPending(): void {
    for (const { socket } of this.#pending.values()) socket.destroy()
  }
}

/** Why a handshake failed, as one of OpenSSL's and the system's words. */
export function handshakeFailure(error: Error, socket: Socket): HandshakeFailed {
  const refused: unknown = socket instanceof TLSSocket ? socket.authorizationError : undefined
  const reason = typeof refused === 'string' ? refused : (systemErrorCode(error) ?? 'unknown')
  return { event: 'tls.handshake-failed', peer: socket.remoteAddress, reason }
}

/** Both faces of a connection have the same. */
function nameOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
