import { randomUUID } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import type { MiddlewareHandler } from 'hono'

/** What every request of a listener carries with it. */
export type RequestEnv = {
  readonly Bindings: HttpBindings
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
