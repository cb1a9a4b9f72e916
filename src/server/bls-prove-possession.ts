import { Hono } from 'hono'
import { answerWith } from './media/answer.js'
import type { Questions } from './questions.js'

/** `GET /bls_prove_possession/:pkh`: no Tezio HSM holds a tz4 key, and the answer says so by name. */
export function blsProvePossessionRoute(questions: Questions) {
  return new Hono().get('/:pkh', (c) => answerWith(c, questions.provePossession(), (never) => never))
}
