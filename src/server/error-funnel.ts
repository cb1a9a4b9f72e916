import type { Context, Env, Hono } from 'hono'
import { StateError } from '../policy/index.js'
import { errorResponse, HttpRefusalError, type HttpRefusal } from './http-status.js'

/** Receives what should never happen, for the log. */
export type FaultSink = (error: unknown) => void

/** Answers with a refusal. */
export function refuse(c: Context, refusal: HttpRefusal): Response {
  const { status, body } = errorResponse(refusal)
  // Most refusals leave a part of the request unread: the connection is not used again.
  return c.body(body, status, { 'content-type': 'application/json', connection: 'close' })
}

/** Gives an app its only answers to unknown paths and to whatever is thrown in it. */
export function funnelErrors<E extends Env>(app: Hono<E>, onFault: FaultSink): void {
  app.notFound((c) =>
    refuse(c, { code: 'not-found', message: `there is no ${c.req.method} ${c.req.path.slice(0, 80)}` }),
  )
  app.onError((error, c) => {
    if (error instanceof HttpRefusalError) return refuse(c, error.refusal)
    if (error instanceof StateError) return refuse(c, { code: error.code, message: error.message })
    onFault(error)
    return refuse(c, { code: 'internal-error', message: 'the bridge failed; its log says why' })
  })
}
