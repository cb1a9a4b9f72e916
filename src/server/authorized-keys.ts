import { Hono } from 'hono'
import { requestCaller, type CallerOf } from './caller.js'
import { answer } from './media/answer.js'
import type { Questions } from './questions.js'
import type { RequestEnv } from './request-id.js'

/** `GET /authorized_keys`: the field is left out where requests need no signature; Octez takes no null. */
export function authorizedKeysRoute(questions: Questions, callerOf: CallerOf) {
  return new Hono<RequestEnv>().get('/', (c) =>
    answer(c, { kind: 'authorized-keys', keys: questions.authorizedKeys(requestCaller(c, callerOf)) }),
  )
}
