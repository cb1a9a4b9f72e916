import { Hono } from 'hono'
import type { CallerRules } from './caller.js'
import { answer } from './media/answer.js'
import type { Questions } from './questions.js'
import { requestCaller } from './request-caller.js'
import type { RequestEnv } from './request-id.js'

/** `GET /authorized_keys`: the field is left out where a request needs no signature; Octez takes no null. */
export function authorizedKeysRoute(questions: Questions, callers: CallerRules) {
  return new Hono<RequestEnv>().get('/', (c) =>
    answer(c, { kind: 'authorized-keys', keys: questions.authorizedKeys(requestCaller(c, callers)) }),
  )
}
