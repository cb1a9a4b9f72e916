import { randomUUID } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import type { MiddlewareHandler } from 'hono'
import type { ClientCertificate } from './caller.js'

/** What a listener tells of a request beside the request itself. */
export type ListenerBindings = HttpBindings & {
  /** Shown in the handshake and verified by the authority in force; left out where there is none. */
  readonly clientCertificate?: ClientCertificate | undefined
}

/** What every request of a listener carries with it. */
export type RequestEnv = {
  readonly Bindings: ListenerBindings
  readonly Variables: { readonly requestId: string }
}

/** Gives each request a name of its own, which its answer (`x-request-id`) and its log lines carry. None is taken over. */
export function requestId(newId: () => string = randomUUID): MiddlewareHandler<RequestEnv> {
  return async (c, next) => {
    const id = newId()
    c.set('requestId', id)
    c.header('x-request-id', id)
    await next()
  }
}
