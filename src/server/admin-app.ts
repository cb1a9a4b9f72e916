import { Hono } from 'hono'
import { accept } from './accept.js'
import type { AdminSource } from './admin-source.js'
import { funnelErrors, refusalTeller, type Sinks } from './error-funnel.js'
import type { LivePage } from './page/live-page.js'
import { pageHeaders, pageRoutes } from './page/page-routes.js'
import { requestId, type RequestEnv } from './request-id.js'

export type AdminAppOptions = Sinks & {
  readonly source: AdminSource
  readonly page: LivePage
  readonly allowedHosts: readonly string[]
}

/** The operator's listener. Nothing on it can sign or change a mark. */
export function adminApp({ source, page, allowedHosts, ...sinks }: AdminAppOptions): Hono<RequestEnv> {
  const app = new Hono<RequestEnv>()
  app.use(requestId(), accept({ allowedPeers: 'any', trustedProxies: [], allowedHosts, ownPage: true }))
  app.use(pageHeaders)
  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', (c) => {
    const { readiness, warnings } = source.status()
    return c.json({ ...readiness, warnings }, readiness.ready ? 200 : 503)
  })
  app.get('/metrics', async (c) => {
    const { contentType, text } = await source.metrics()
    return c.body(text, 200, { 'content-type': contentType })
  })
  app.get('/api/status', (c) => c.json(source.status()))
  app.get('/api/latencies', (c) => c.json({ latencies: source.latencies() }))
  app.route('/', pageRoutes(page))
  funnelErrors(app, sinks.onFault, refusalTeller('admin', sinks.onRefused))
  return app
}
