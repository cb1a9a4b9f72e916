import type { HttpBindings } from '@hono/node-server'
import { describe, expect, it } from 'vitest'
import { adminApp, type AdminSource, type Readiness, type RequestRefused } from '../../src/server/index.js'
import { adminSource, livePage, quietReport } from './admin-source.js'
import { checkedAnswer, outcome } from './fixture.js'

const NOT_READY: Readiness = { ready: false, reasons: [{ code: 'device-unavailable', message: 'no port' }] }

function testAdmin(
  readiness: () => Readiness = () => NOT_READY,
  allowedHosts: readonly string[] = [],
  rest: Partial<AdminSource> = {},
) {
  const faults: unknown[] = []
  const refusals: RequestRefused[] = []
  const source = {
    ...adminSource(NOT_READY),
    status: () => quietReport({ readiness: readiness() }),
    ...rest,
  }
  const app = adminApp({
    source,
    page: livePage(source),
    allowedHosts,
    onFault: (error) => faults.push(error),
    onRefused: (refused) => refusals.push(refused),
  })
  const get = (
    path: string,
    headers: Record<string, string> = {},
    remoteAddress = '203.0.113.9',
    method = 'GET',
  ) => {
    const env = {
      incoming: { socket: { remoteAddress, localAddress: '127.0.0.1' } },
    } as unknown as HttpBindings
    return app.request(path, { method, headers: { host: 'localhost:6733', ...headers } }, env)
  }
  return { get, faults, refusals }
}

async function refusalOf(response: Response): Promise<string> {
  return outcome(checkedAnswer(response.status, response.headers, await response.text()))
}

describe('the admin listener', () => {
  it('is healthy whatever the device does', async () => {
    const response = await testAdmin().get('/healthz')
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }])
  })

  it('is ready with 200, and not ready with 503 and the reasons', async () => {
    const ready = await testAdmin(() => ({ ready: true, reasons: [] })).get('/readyz')
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, reasons: [], warnings: [] }])
    const unready = await testAdmin().get('/readyz')
    expect([unready.status, await unready.json()]).toEqual([503, { ...NOT_READY, warnings: [] }])
  })

  it('asks anew every time', async () => {
    const states: Readiness[] = [NOT_READY, { ready: true, reasons: [] }, NOT_READY]
    const { get } = testAdmin(() => states.shift()!)
    expect([
      (await get('/readyz')).status,
      (await get('/readyz')).status,
      (await get('/readyz')).status,
    ]).toEqual([503, 200, 503])
  })

  it('F39 refuses foreign hosts and web pages on every path', async () => {
    const { get } = testAdmin()
    for (const path of ['/healthz', '/readyz', '/nothing']) {
      expect(await refusalOf(await get(path, { host: 'evil.example' }))).toBe('403 host-not-allowed')
      expect(await refusalOf(await get(path, { origin: 'http://localhost' }))).toBe('403 origin-not-allowed')
    }
    const named = testAdmin(() => NOT_READY, ['monitor.example'])
    expect((await named.get('/healthz', { host: 'monitor.example:6733' })).status).toBe(200)
  })

  it('tells the status, the latencies and the metrics', async () => {
    const latency = { at: '2026-01-01T00:00:00.000Z', totalMs: 150, deviceMs: 148, kind: 'block' }
    const { get } = testAdmin(() => NOT_READY, [], { latencies: () => [latency] })
    expect(await (await get('/api/status')).json()).toMatchObject({ version: '1.2.3', readiness: NOT_READY })
    expect(await (await get('/api/latencies')).json()).toEqual({ latencies: [latency] })
    const metrics = await get('/metrics')
    expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4')
    expect(await metrics.text()).toBe('tezio_ready 0\n')
  })

  it('tells the log what it refused, with the name of the request that the answer carries', async () => {
    const { get, refusals } = testAdmin()
    const response = await get('/healthz', { host: 'evil.example' })
    expect(refusals).toMatchObject([
      { event: 'request.refused', listener: 'admin', code: 'host-not-allowed', peer: '203.0.113.9' },
    ])
    expect(refusals[0]?.requestId).toBe(response.headers.get('x-request-id'))
  })

  it('refuses a peer without an address', async () => {
    expect(await refusalOf(await testAdmin().get('/healthz', {}, ''))).toBe('403 peer-not-allowed')
  })

  it('serves a page that may load and ask only from here, and its files for as long as they do not change', async () => {
    const { get } = testAdmin()
    const page = await get('/')
    expect(page.headers.get('content-type')).toMatch(/^text\/html\b/)
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    )
    expect(page.headers.get('x-content-type-options')).toBe('nosniff')
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    const text = await page.text()
    expect(text).toContain('Not ready to sign')
    expect(text).not.toMatch(/<form|style=|onclick|<script>/)
    const style = await get('/assets/0123456789abcdef/page.css', { origin: 'http://localhost:6733' })
    expect([style.status, style.headers.get('cache-control')]).toEqual([
      200,
      'public, max-age=31536000, immutable',
    ])
    for (const path of ['/assets/0000000000000000/page.css', '/assets/0123456789abcdef/none.css']) {
      expect(await refusalOf(await get(path))).toBe('404 not-found')
    }
    for (const path of ['/', '/api/events', '/api/page', '/api/status']) {
      expect(await refusalOf(await get(path, {}, '127.0.0.1', 'POST'))).toBe('404 not-found')
    }
  })

  it('signs nothing and changes nothing: there is no other path and no other method', async () => {
    const { get } = testAdmin()
    for (const path of ['/keys', '/keys/tz1', '/marks', '/api', '/api/marks', '/marks/raise']) {
      expect(await refusalOf(await get(path))).toBe('404 not-found')
      expect(await refusalOf(await get(path, {}, '127.0.0.1', 'POST'))).toBe('404 not-found')
    }
    expect(await refusalOf(await get('/readyz', {}, '127.0.0.1', 'POST'))).toBe('404 not-found')
  })

  it('answers 500 without the reason when it fails itself, and tells the log', async () => {
    const fault = new Error('secret words')
    const { get, faults } = testAdmin(() => {
      throw fault
    })
    const response = await get('/readyz')
    const text = await response.clone().text()
    expect(await refusalOf(response)).toBe('500 internal-error')
    expect(text).not.toContain('secret')
    expect(faults).toEqual([fault])
  })
})
