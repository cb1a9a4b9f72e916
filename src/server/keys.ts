import { Hono } from 'hono'
import { parsePublicKeyHash, type PublicKeyHash } from '../tezos/index.js'
import type { CallerRules } from './caller.js'
import { HttpRefusalError } from './http-status.js'
import { answerWith } from './media/answer.js'
import type { Questions } from './questions.js'
import { requestCaller } from './request-caller.js'
import type { RequestEnv } from './request-id.js'
import { readSignBody } from './sign-body.js'

/** Signature versions that Octez sends with every request; they change nothing for tz1 to tz3. */
const VERSIONS = ['0', '1', '2', '3']

/** `GET /keys/:pkh` and `POST /keys/:pkh`. */
export function keysRoute(questions: Questions, callers: CallerRules) {
  return new Hono<RequestEnv>()
    .get('/:pkh', (c) => {
      const key = keyParameter(c.req.param('pkh'))
      return answerWith(c, questions.publicKey(key), (publicKey) => ({ kind: 'public-key', publicKey }))
    })
    .post('/:pkh', async (c) => {
      const key = keyParameter(c.req.param('pkh'))
      const authentication = singleQuery(c.req.queries('authentication'), 'authentication')
      checkVersion(singleQuery(c.req.queries('version'), 'version'))
      const payload = await readSignBody(c)
      const { requestId } = c.var
      const asker = { requestId, caller: requestCaller(c, callers), signal: c.req.raw.signal }
      const answered = await questions.sign({ key, payload, authentication }, asker)
      return answerWith(c, answered, (signature) => ({ kind: 'signature', signature }))
    })
}

function keyParameter(text: string): PublicKeyHash {
  const key = parsePublicKeyHash(text)
  if (key !== undefined) return key
  throw new HttpRefusalError(
    'malformed-key',
    'the path does not name a public key hash (tz1, tz2, tz3 or tz4, with a right checksum)',
  )
}

function singleQuery(values: readonly string[] | undefined, name: string): string | undefined {
  if (values === undefined || values.length <= 1) return values?.[0]
  throw new HttpRefusalError('malformed-query', `${name} is given ${values.length} times`)
}

function checkVersion(version: string | undefined): void {
  if (version === undefined || VERSIONS.includes(version)) return
  throw new HttpRefusalError('malformed-query', `version ${version.slice(0, 20)}: 0 to 3 expected`)
}
