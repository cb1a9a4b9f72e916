import { Hono } from 'hono'
import { accept } from './accept.js'
import { funnelErrors, refusalTeller, type Sinks } from './error-funnel.js'
import { requestId, type RequestEnv } from './request-id.js'
import type { LatencySample, StatusReport } from './status-report.js'

/** What the operator's listener tells. Everything is read from memory. */
export type AdminSource = {
  readonly status: () => StatusReport
  /** The signatures of the last hour, oldest first. */
  readonly latencies: () => readonly LatencySample[]
  /** In Prometheus' text format. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
}

export type AdminAppOptions = Sinks & {
  readonly source: AdminSource
  readonly allowedHosts: readonly string[]
}

/** The operator's listener. Nothing on it can sign or change a mark. */
export function adminApp({ source, allowedHosts, ...sinks }: AdminAppOptions): Hono<RequestEnv> {
  const app = new Hono<RequestEnv>()
  app.use(requestId(), accept({ allowedPeers: 'any', trustedProxies: [], allowedHosts }))
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
  funnelErrors(app, sinks.onFault, refusalTeller('admin', sinks.onRefused))
  return app
}
