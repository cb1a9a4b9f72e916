import type { Context } from 'hono'
import type { CallerRules } from '../caller.js'
import type { Caller } from '../../policy/index.js'
import { HttpRefusalError } from '../http-status.js'
import { requestCaller } from '../request-caller.js'
import type { RequestEnv } from '../request-id.js'
import { readBody } from '../sign-body.js'
import type { Admission, JobAsker, JobRefusal } from './jobs.js'

/** Typed data may be long; nothing else here is. */
export const MAX_JOB_BODY_BYTES = 64 * 1024

/** Who sends a request; a refusal where what they show is wrong, or where they are not among `clients`. */
export function askerOf(
  c: Context<RequestEnv>,
  callers: CallerRules,
  { clients, tellRefused }: Admission,
): JobAsker | { readonly refusal: JobRefusal } {
  const caller = requestCaller(c, callers)
  const refusal = strangerRefusal(caller, clients)
  const { requestId } = c.var
  if (refusal === undefined) return { requestId, clients: caller.clients, signal: c.req.raw.signal }
  tellRefused(refusal, requestId)
  return { refusal }
}

function strangerRefusal(
  { clients: proven, invalid }: Caller,
  clients: readonly string[] | undefined,
): JobRefusal | undefined {
  if (invalid !== undefined) {
    return { code: 'unauthenticated-request', message: `${invalid}; send the token of a client` }
  }
  if (clients === undefined || proven.some((name) => clients.includes(name))) return undefined
  const isKnown = proven.length > 0
  const who = isKnown ? `${proven.join(', ')} may not ask for this` : 'nobody has proven who asks'
  const message = `${who}; show the token or the certificate of one of ${clients.join(', ')}`
  return { code: isKnown ? 'client-not-allowed' : 'unauthenticated-request', message }
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
