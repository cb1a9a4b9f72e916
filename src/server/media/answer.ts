import type { Context } from 'hono'
import { statusOf, type HttpRefusal } from '../http-status.js'
import type { Answer } from '../questions.js'
import { mediaTypeFor } from './media-type.js'
import { replyBody, type Reply } from './reply-body.js'

/** Answers in the encoding that the client asked for. */
export function answer(c: Context, reply: Exclude<Reply, { readonly kind: 'refusal' }>): Response {
  const media = mediaTypeFor(c.req.header('accept'))
  return c.body(replyBody(reply, media), 200, { 'content-type': media })
}

/** Answers with a refusal, in the encoding that the client asked for. */
export function answerRefusal(c: Context, refusal: HttpRefusal): Response {
  const media = mediaTypeFor(c.req.header('accept'))
  const body = replyBody({ kind: 'refusal', refusal }, media)
  // Most refusals leave a part of the request unread: the connection is not used again.
  return c.body(body, statusOf(refusal), { 'content-type': media, connection: 'close' })
}

/** Answers with a value, or with why there is none. */
export function answerWith<Value>(
  c: Context,
  answered: Answer<Value>,
  reply: (value: Value) => Exclude<Reply, { readonly kind: 'refusal' }>,
): Response {
  return answered.outcome === 'answered'
    ? answer(c, reply(answered.value))
    : answerRefusal(c, answered.refusal)
}
