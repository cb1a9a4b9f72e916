import type { Context } from 'hono'
import type { Caller } from '../policy/index.js'
import { callerOf, type CallerRules } from './caller.js'
import type { RequestEnv } from './request-id.js'

/** Who sends an HTTP request, by what its connection and its headers show. */
export function requestCaller(c: Context<RequestEnv>, callers: CallerRules): Caller {
  return callerOf(callers, { certificate: c.env.clientCertificate, header: (name) => c.req.header(name) })
}
