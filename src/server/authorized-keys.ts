import { Hono } from 'hono'
import type { CallerRules } from './caller.js'
import { callerOfRequest, type KeyDirectory } from './keys.js'
import type { RequestEnv } from './request-id.js'

/**
 * `GET /authorized_keys`: the field is left out where a request needs no signature, because nobody has to prove anything
 * or because the connection has proven it already. Octez takes no null, and asks nothing more without a key of the list.
 */
export function authorizedKeysRoute(keys: Pick<KeyDirectory, 'authorized'>, callers: CallerRules) {
  return new Hono<RequestEnv>().get('/', (c) => {
    const authorized = keys.authorized()
    const isProven = callerOfRequest(callers, c).clients.length > 0
    return c.json(authorized === undefined || isProven ? {} : { authorized_keys: authorized })
  })
}
