import type { HttpBindings } from '@hono/node-server'
import type { MiddlewareHandler } from 'hono'
import { HttpRefusalError } from './http-status.js'
import { clientAddress, peerSet, unmapped, type PeerRange } from './peers.js'

/** Who may speak to a listener, and under which names. */
export type AcceptRules = {
  readonly allowedPeers: readonly PeerRange[] | 'any'
  readonly trustedProxies: readonly PeerRange[]
  /** Names a `Host` header may carry beside the loopback names and the address the request came in at. */
  readonly allowedHosts: readonly string[]
  /** Whether the listener's own page may load its parts: browsers name its origin when they fetch a script module. */
  readonly ownPage?: boolean
}

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '::1']

/** Step 1: refuses foreign peers, foreign `Host` names (DNS rebinding) and whatever a browser page sends. */
export function accept(rules: AcceptRules): MiddlewareHandler<{ Bindings: HttpBindings }> {
  const allowed = peerSet(rules.allowedPeers)
  const proxies = peerSet(rules.trustedProxies)
  const names = new Set([...LOOPBACK_NAMES, ...rules.allowedHosts.map((name) => name.toLowerCase())])
  return async (c, next) => {
    const { remoteAddress = '', localAddress = '' } = c.env.incoming.socket
    const client = clientAddress(remoteAddress, c.req.header('x-forwarded-for'), proxies)
    if (!allowed.has(client)) {
      throw new HttpRefusalError('peer-not-allowed', `${client.slice(0, 45)} is not among allowed_ips`)
    }
    const host = c.req.header('host') ?? new URL(c.req.url).host
    const name = hostName(host)
    if (name === undefined || !(names.has(name) || name === unmapped(localAddress))) {
      throw new HttpRefusalError(
        'host-not-allowed',
        `Host ${(name ?? '').slice(0, 80)}: list it in server.allowed_hosts`,
      )
    }
    const origin = c.req.header('origin')
    if (origin !== undefined && !(rules.ownPage === true && isAt(host, origin))) {
      throw new HttpRefusalError(
        'origin-not-allowed',
        'requests by web pages (with an Origin header) are refused',
      )
    }
    await next()
  }
}

/** Whether an origin is that of the very host, and port, that was asked; whether there is TLS is a proxy's matter. */
function isAt(host: string, origin: string): boolean {
  return [`http://${host}`, `https://${host}`].includes(origin)
}

/** The host name or address without port and brackets, in lower case; `undefined` when it is none. */
function hostName(host: string): string | undefined {
  const url = `http://${host}`
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[(.*)\]$/, '$1') : undefined
}
