import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { accept } from './accept.js'
import { funnelErrors, type FaultSink } from './error-funnel.js'

/** Whether a signature could be made now, and if not, why: one code and one sentence for each reason. */
export type Readiness = {
  readonly ready: boolean
  readonly reasons: readonly { readonly code: string; readonly message: string }[]
  /** What an operator should know although it is ready: one sentence each. */
  readonly warnings?: readonly string[]
}

export type AdminAppOptions = {
  /** Reads memory only. */
  readonly readiness: () => Readiness
  readonly allowedHosts: readonly string[]
  readonly onFault: FaultSink
}

/** The operator's listener. Nothing on it can sign or change a mark. */
export function adminApp({
  readiness,
  allowedHosts,
  onFault,
}: AdminAppOptions): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>()
  app.use(accept({ allowedPeers: 'any', trustedProxies: [], allowedHosts }))
  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', (c) => {
    const state = readiness()
    return c.json(state, state.ready ? 200 : 503)
  })
  funnelErrors(app, onFault)
  return app
}
