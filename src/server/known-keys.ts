import { Hono } from 'hono'
import { refuse } from './error-funnel.js'
import type { KeyDirectory } from './keys.js'

/** `GET /known_keys`, where the configuration opens it. */
export function knownKeysRoute(keys: Pick<KeyDirectory, 'known'>, isOpen: boolean) {
  return new Hono().get('/', (c) => {
    if (isOpen) return c.json({ known_keys: keys.known() })
    const message = 'List known keys request not allowed; to open it set server.known_keys'
    return refuse(c, { code: 'known-keys-not-allowed', message })
  })
}
