import { Hono } from 'hono'
import type { KeyDirectory } from './keys.js'

/** `GET /authorized_keys`: the field is left out where requests need no signature; Octez takes no null. */
export function authorizedKeysRoute(keys: Pick<KeyDirectory, 'authorized'>) {
  return new Hono().get('/', (c) => {
    const authorized = keys.authorized()
    return c.json(authorized === undefined ? {} : { authorized_keys: authorized })
  })
}
