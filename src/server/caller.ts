import type { Socket } from 'node:net'
import type { Context } from 'hono'
import { UNKNOWN_CALLER, type Caller } from '../policy/index.js'
import type { RequestEnv } from './request-id.js'

/** What a listener sees of whoever asks. */
export type Connection = {
  readonly socket: Socket
  /** The `Authorization` header, where the protocol has one. */
  readonly authorization: string | undefined
}

/** Tells who asks, by what the connection has proven. Asked for each HTTP request, and once for each socket. */
export type CallerOf = (connection: Connection) => Caller

/** Nobody proves who they are. */
export const nobodyKnown: CallerOf = () => UNKNOWN_CALLER

/** Who sends an HTTP request. */
export function requestCaller(c: Context<RequestEnv>, callerOf: CallerOf): Caller {
  return callerOf({ socket: c.env.incoming.socket, authorization: c.req.header('authorization') })
}
