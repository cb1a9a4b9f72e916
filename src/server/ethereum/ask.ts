import type { Context } from 'hono'
import type { CallerRules } from '../caller.js'
import { HttpRefusalError } from '../http-status.js'
import { requestCaller } from '../request-caller.js'
import type { RequestEnv } from '../request-id.js'
import { readBody } from '../sign-body.js'
import type { JobAsker, JobRefusal } from './jobs.js'

/** Typed data may be long; nothing else here is. */
export const MAX_JOB_BODY_BYTES = 64 * 1024

/** Who sends a request; a refusal where what they show is wrong, or where they are not among `clients`. */
export function askerOf(
  c: Context<RequestEnv>,
  callers: CallerRules,
  clients: readonly string[] | undefined,
): JobAsker | { readonly refusal: JobRefusal } {
  const caller = requestCaller(c, callers)
  if (caller.invalid !== undefined) {
    return {
      refusal: { code: 'unauthenticated-request', message: `${caller.invalid}; send the token of a client` },
    }
  }
  if (clients !== undefined && !caller.clients.some((name) => clients.includes(name))) {
    const isKnown = caller.clients.length > 0
    const who = isKnown ? `${caller.clients.join(', ')} may not ask for this` : 'nobody has proven who asks'
    const remedy = `show the token or the certificate of one of ${clients.join(', ')}`
    return {
      refusal: {
        code: isKnown ? 'client-not-allowed' : 'unauthenticated-request',
        message: `${who}; ${remedy}`,
      },
    }
  }
  return { requestId: c.var.requestId, clients: caller.clients, signal: c.req.raw.signal }
}

/** The body, or why there is none. */
export async function jobBody(
  c: Context<RequestEnv>,
): Promise<{ readonly body: Uint8Array } | { readonly refusal: JobRefusal }> {
  try {
    return { body: await readBody(c, MAX_JOB_BODY_BYTES) }
  } catch (error) {
    if (!(error instanceof HttpRefusalError)) throw error
    const { code, message } = error.refusal
    return { refusal: { code: code === 'body-too-large' ? code : 'malformed-request', message } }
  }
}
