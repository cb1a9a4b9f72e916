import type { Context, Env, Hono } from 'hono'
import { StateError } from '../policy/index.js'
import { errorResponse, HttpRefusalError, type HttpRefusal } from './http-status.js'
import type { RequestEnv } from './request-id.js'

/** Receives what should never happen, for the log. */
export type FaultSink = (error: unknown) => void

/** A request that was refused before it came to the policy. `code` is one of a closed list; the peer is an address. */
export type RequestRefused = {
  readonly event: 'request.refused'
  readonly listener: 'signer' | 'admin' | 'unix' | 'tcp'
  readonly requestId: string
  readonly code: HttpRefusal['code']
  readonly reason: string
  readonly peer: string | undefined
}

/** Where a listener tells what it refuses by itself, and what should never happen. */
export type Sinks = {
  readonly onFault: FaultSink
  readonly onRefused: (refused: RequestRefused) => void
}

/** Answers with a refusal, in JSON. */
function refuse(c: Context, refusal: HttpRefusal): Response {
  const { status, body } = errorResponse(refusal)
  // Most refusals leave a part of the request unread: the connection is not used again.
  return c.body(body, status, { 'content-type': 'application/json', connection: 'close' })
}

/**
 * Gives an app its only answers to unknown paths and to whatever is thrown in it; `tell` hears of each refusal, and
 * `answer` writes it.
 */
export function funnelErrors<E extends Env>(
  app: Hono<E>,
  onFault: FaultSink,
  tell: (c: Context<E>, refusal: HttpRefusal) => void = () => undefined,
  answer: (c: Context<E>, refusal: HttpRefusal) => Response = refuse,
): void {
  const refuseAndTell = (c: Context<E>, refusal: HttpRefusal) => {
    tell(c, refusal)
    return answer(c, refusal)
  }
  app.notFound((c) =>
    refuseAndTell(c, {
      code: 'not-found',
      message: `there is no ${c.req.method} ${c.req.path.slice(0, 80)}`,
    }),
  )
  app.onError((error, c) => {
    if (error instanceof HttpRefusalError) return refuseAndTell(c, error.refusal)
    if (error instanceof StateError) return answer(c, { code: error.code, message: error.message })
    onFault(error)
    return answer(c, { code: 'internal-error', message: 'the bridge failed; its log says why' })
  })
}

/** Hears of the refusals of a listener, and passes them on with what the log wants to know of the request. */
export function refusalTeller(
  listener: RequestRefused['listener'],
  onRefused: Sinks['onRefused'],
): (c: Context<RequestEnv>, refusal: HttpRefusal) => void {
  return (c, { code, message: reason }) => {
    const { requestId } = c.var
    const peer = c.env.incoming.socket.remoteAddress
    onRefused({ event: 'request.refused', listener, requestId, code, reason, peer })
  }
}
