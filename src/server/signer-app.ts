import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { accept, type AcceptRules } from './accept.js'
import { authorizedKeysRoute } from './authorized-keys.js'
import { blsProvePossessionRoute } from './bls-prove-possession.js'
import { NO_CALLERS, type CallerRules } from './caller.js'
import { funnelErrors, refusalTeller, type Sinks } from './error-funnel.js'
import { keysRoute } from './keys.js'
import { knownKeysRoute } from './known-keys.js'
import { answerRefusal } from './media/answer.js'
import type { Questions } from './questions.js'
import { requestId, type RequestEnv } from './request-id.js'

export type SignerAppOptions = Sinks & {
  readonly questions: Questions
  readonly accept: AcceptRules
  /** What proves who sends a request; without it nobody is known. */
  readonly callers?: CallerRules
  /** What may stand before every path: `any`, which is the default, `none`, or one `/like/this`. */
  readonly pathPrefix?: string
  /** Routes of other jobs, which go before ours where both have one. */
  readonly otherRoutes?: readonly Hono<RequestEnv>[]
  /** Name and version, for `GET /`. */
  readonly version: string
}

/** The remote-signer protocol of Octez and Taquito, of which nothing but `POST /keys/:pkh` ever reaches the device. */
export function signerApp(options: SignerAppOptions): Hono<RequestEnv> {
  const { questions, callers = NO_CALLERS, pathPrefix = 'any' } = options
  const app = new Hono<RequestEnv>({ getPath: (request, env) => routedPath(pathPrefix, request, env) })
  app.use(requestId(), accept(options.accept))
  for (const routes of options.otherRoutes ?? []) app.route('/', routes)
  app.route('/keys', keysRoute(questions, callers))
  app.route('/authorized_keys', authorizedKeysRoute(questions, callers))
  app.route('/known_keys', knownKeysRoute(questions))
  app.route('/bls_prove_possession', blsProvePossessionRoute(questions))
  app.get('/', (c) => c.json({ name: 'tezio-bridge', version: options.version }))
  funnelErrors(app, options.onFault, refusalTeller('signer', options.onRefused), answerRefusal)
  return app
}

/** `.` and `..` between slashes, also percent-encoded. */
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:[/#]|$)/i

const OURS = '(?:keys|authorized_keys|known_keys|bls_prove_possession|v1)(?:/|$)'
/** Up to eight plain names before the first one that is a path of ours. */
const ANY_PREFIX = new RegExp(`^(?:/(?!${OURS})[A-Za-z0-9_~-][A-Za-z0-9_.~-]*){1,8}(/${OURS}.*)$`)

/**
 * The path that is routed, without what may stand before it. An Octez client whose remote ends with a slash asks for
 * `//keys/...`. Dot segments, which `request.url` has resolved already, are no path here.
 */
function routedPath(prefix: string, request: Request, options?: { readonly env?: HttpBindings }): string {
  const asked = options?.env?.incoming.url?.split('?')[0] ?? ''
  if (DOT_SEGMENT.test(asked)) return asked
  const path = new URL(request.url).pathname.replace(/\/{2,}/g, '/')
  if (prefix === 'none') return path
  if (prefix === 'any') return ANY_PREFIX.exec(path)?.[1] ?? path
  return `${path}/`.startsWith(`${prefix}/`) ? path.slice(prefix.length) || '/' : path
}
