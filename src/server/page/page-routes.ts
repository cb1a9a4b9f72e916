import { Hono } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import { streamSSE } from 'hono/streaming'
import type { RequestEnv } from '../request-id.js'
import type { LivePage } from './live-page.js'
import { streamViewer } from './viewer.js'

const SELF = ["'self'"]
const NONE = ["'none'"]

/** What the page may do in a browser: load and ask from here, and nothing else. */
export const pageHeaders = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: NONE,
    scriptSrc: SELF,
    styleSrc: SELF,
    imgSrc: SELF,
    connectSrc: SELF,
    frameAncestors: NONE,
    baseUri: NONE,
    formAction: NONE,
  },
  xFrameOptions: 'DENY',
  // the page opens no window, and browsers complain of these two wherever there is no TLS
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  // whether there is TLS before the listener is not known here
  strictTransportSecurity: false,
})

/** The operator's page, its files and its stream. Everything is read-only. */
export function pageRoutes(page: LivePage): Hono<RequestEnv> {
  const app = new Hono<RequestEnv>()
  app.get('/', (c) => {
    c.header('cache-control', 'no-store')
    return c.html(page.document())
  })
  app.get('/assets/:build/:name', (c) => {
    const { build, name } = c.req.param()
    const asset = build === page.assets.build ? page.assets.files.get(name) : undefined
    if (asset === undefined) return c.notFound()
    c.header('cache-control', 'public, max-age=31536000, immutable')
    return c.body(asset.bytes, 200, { 'content-type': asset.contentType })
  })
  app.get('/api/page', (c) => {
    c.header('cache-control', 'no-store')
    return c.json(page.message())
  })
  app.get('/api/events', (c) => {
    if (!page.isOpen) {
      const message = `${page.viewers} viewers look on already; ask /api/page from time to time instead`
      return c.json({ code: 'too-many-viewers', message }, 503)
    }
    return streamSSE(c, (stream) => {
      const viewer = streamViewer(stream, c.env.outgoing)
      return new Promise((resolve) => {
        stream.onAbort(() => {
          page.leave(viewer)
          resolve()
        })
        page.join(viewer)
      })
    })
  })
  return app
}
