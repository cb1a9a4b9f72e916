import { Hono } from 'hono'
import { answerWith } from './media/answer.js'
import type { Questions } from './questions.js'

/** `GET /known_keys`, where the configuration opens it. */
export function knownKeysRoute(questions: Questions) {
  return new Hono().get('/', (c) =>
    answerWith(c, questions.knownKeys(), (keys) => ({ kind: 'known-keys', keys })),
  )
}
