import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { accept, type AcceptRules } from './accept.js'
import { authorizedKeysRoute } from './authorized-keys.js'
import { blsProvePossessionRoute } from './bls-prove-possession.js'
import { funnelErrors, refusalTeller, type Sinks } from './error-funnel.js'
import { keysRoute, type KeysRouteOptions } from './keys.js'
import { knownKeysRoute } from './known-keys.js'
import { requestId, type RequestEnv } from './request-id.js'

export type SignerAppOptions = KeysRouteOptions &
  Sinks & {
    readonly accept: AcceptRules
    readonly knownKeys: boolean
    /** Name and version, for `GET /`. */
    readonly version: string
  }

/** The remote-signer protocol of Octez and Taquito. Nothing but `POST /keys/:pkh` ever reaches the device. */
export function signerApp(options: SignerAppOptions): Hono<RequestEnv> {
  const app = new Hono<RequestEnv>({ getPath: routedPath })
  app.use(requestId(), accept(options.accept))
  app.route('/keys', keysRoute(options))
  app.route('/authorized_keys', authorizedKeysRoute(options.keys, options.callers))
  app.route('/known_keys', knownKeysRoute(options.keys, options.knownKeys))
  app.route('/bls_prove_possession', blsProvePossessionRoute())
  app.get('/', (c) => c.json({ name: 'tezio-bridge', version: options.version }))
  funnelErrors(app, options.onFault, refusalTeller('signer', options.onRefused))
  return app
}

/** `.` and `..` between slashes, also percent-encoded. */
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:[/#]|$)/i

/**
 * The path that is routed. An Octez client whose remote ends with a slash asks for `//keys/...`. Dot segments, which
 * `request.url` has resolved already, are no path here.
 */
function routedPath(request: Request, options?: { readonly env?: HttpBindings }): string {
  const asked = options?.env?.incoming.url?.split('?')[0] ?? ''
  if (DOT_SEGMENT.test(asked)) return asked
  return new URL(request.url).pathname.replace(/\/{2,}/g, '/')
}
