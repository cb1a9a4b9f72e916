import { Readable } from 'node:stream'
import type { HttpBindings } from '@hono/node-server'

/** What `listen` hands to an app beside a request: Node's own request, with its body and its connection's ends. */
export function incomingOf(
  body?: string | Uint8Array,
  socket = { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' },
): HttpBindings {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const incoming = Object.assign(Readable.from(bytes === undefined ? [] : [bytes]), { socket })
  return { incoming } as unknown as HttpBindings
}
