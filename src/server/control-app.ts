import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { funnelErrors, type FaultSink } from './error-funnel.js'
import { HttpRefusalError } from './http-status.js'
import { readBody, type Received } from './sign-body.js'

type AccountsAction = (
  action: string,
  query: Readonly<Record<string, string>>,
  secret: Uint8Array,
) => Promise<unknown>

/** What the command line asks of a running daemon. The handlers check what they are given. */
export type ControlHandlers = {
  readonly keys: () => unknown
  readonly marks: () => unknown
  readonly status: () => unknown
  /** Raises marks, or says why not; the body is what the command line sent, unchecked. */
  readonly raise: (request: unknown) => unknown
  /** Lets a key sign again that was in quarantine; the body is unchecked. */
  readonly clearQuarantine: (request: unknown) => unknown
  /** Acts on managed accounts; the body is a secret that it wipes. `undefined` where there are none. */
  readonly accounts?: AccountsAction | undefined
}

/** The control socket's app: reachable by whoever may open the socket file, and by nobody else. */
export function controlApp(handlers: ControlHandlers, onFault: FaultSink): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>()
  app.get('/keys', (c) => c.json(handlers.keys()))
  app.get('/marks', (c) => c.json(handlers.marks()))
  app.get('/status', (c) => c.json(handlers.status()))
  app.post('/marks/raise', async (c) => c.json(await handlers.raise(await jsonBody(c))))
  app.post('/keys/clear-quarantine', async (c) => c.json(await handlers.clearQuarantine(await jsonBody(c))))
  const { accounts } = handlers
  if (accounts !== undefined) {
    app.post('/accounts/:action', async (c) =>
      c.json(await accounts(c.req.param('action'), c.req.query(), await readBody(c))),
    )
  }
  funnelErrors(app, onFault)
  return app
}

async function jsonBody(c: Received): Promise<unknown> {
  const body = await readBody(c)
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    throw new HttpRefusalError('malformed-body', 'the body is not JSON')
  }
}
