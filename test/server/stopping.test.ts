import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { adminApp, controlApp, listen } from '../../src/server/index.js'
import { adminSource, livePage } from './admin-source.js'
import { block, gate, octezBody, operation, outcome, testBridge, TZ3 } from './fixture.js'
import { exchange, octezGet, octezPost, plainPost, RawClient, serve } from './raw-client.js'

/** Longer than any test lasts: a close that waits for it fails. */
const LONG_MS = 60_000

function refusesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', () => {
      resolve(true)
    })
  })
}

describe('closing a listener', () => {
  it('lets the answer in hand be sent, takes no new connection, and ends as soon as it was sent', async () => {
    const { app, device } = testBridge()
    const { port, listener } = await serve(app)
    const { passed, open } = gate()
    device.gate = passed
    const clients = [await RawClient.open(port), await RawClient.open(port)]
    await clients[0]!.write(octezPost(TZ3, block({ level: 5 })))
    await clients[1]!.write(plainPost(TZ3, octezBody(operation())))
    await vi.waitUntil(() => device.signatures === 1)
    let isClosed = false
    const closing = listener.close(LONG_MS).then(() => {
      isClosed = true
    })
    expect(await refusesConnections(port)).toBe(true)
    expect(isClosed).toBe(false)
    open()
    const openedAt = performance.now()
    expect(await Promise.all(clients.map(async (client) => outcome(await client.answer())))).toEqual([
      '200',
      '200',
    ])
    await closing
    expect(performance.now() - openedAt).toBeLessThan(3_000) // before connections that are kept would time out
  })

  it('closes connections that are kept for nothing at once', async () => {
    const { app } = testBridge()
    const { port, listener } = await serve(app)
    const client = await RawClient.open(port)
    await client.write(octezGet('/'))
    expect(outcome(await client.answer())).toBe('200')
    await listener.close(LONG_MS)
    await client.closed
  })

  it('cuts off what lasts longer than the grace', async () => {
    const { app, device } = testBridge()
    const { port, listener } = await serve(app)
    const { passed, open } = gate()
    onTestFinished(open)
    device.gate = passed
    const asking = await RawClient.open(port)
    const silent = await RawClient.open(port)
    await asking.write(octezPost(TZ3, block({ level: 5 })))
    await vi.waitUntil(() => device.signatures === 1)
    await listener.close(50)
    await Promise.all([asking.closed, silent.closed])
    expect(asking.received).toBe('')
  })

  it('leaves no timer behind', async () => {
    const { app } = testBridge()
    const { listener } = await serve(app)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => {
      vi.useRealTimers()
    })
    await listener.close(LONG_MS)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('may be asked for twice', async () => {
    const { app } = testBridge()
    const { listener } = await serve(app)
    await Promise.all([listener.close(LONG_MS), listener.close(LONG_MS)])
  })
})

describe('an address', () => {
  it("that is taken is the system's error", async () => {
    const { app } = testBridge()
    const { port } = await serve(app)
    await expect(listen(app, { host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  it('is told with the port that the system chose', async () => {
    const { app } = testBridge()
    const { listener } = await serve(app)
    expect(listener.address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/)
  })

  it('of IPv6 is in brackets, and served', async (context) => {
    const { app } = testBridge()
    const listener = await listen(app, { host: '::1', port: 0 }).catch(() => undefined)
    if (listener === undefined) return context.skip('this machine has no IPv6')
    onTestFinished(() => listener.close(0))
    expect(listener.address).toMatch(/^\[::1\]:\d+$/)
    const response = await fetch(`http://${listener.address}/`)
    expect(response.status).toBe(200)
  })
})

describe('the admin listener on a port', () => {
  it('answers health and readiness', async () => {
    const source = adminSource({
      ready: false,
      reasons: [{ code: 'device-unavailable', message: 'no port' }],
    })
    const app = adminApp({
      source,
      page: livePage(source),
      allowedHosts: [],
      onFault: () => undefined,
      onRefused: () => undefined,
    })
    const { url, port } = await serve(app)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    expect((await fetch(`${url}/readyz`)).status).toBe(503)
    expect(outcome(await exchange(port, octezGet('/keys')))).toBe('404 not-found')
  })
})

describe('a Unix socket', () => {
  function socketPath(): string {
    const directory = mkdtempSync(join(tmpdir(), 'tezio-control-'))
    onTestFinished(() => {
      rmSync(directory, { recursive: true })
    })
    return join(directory, 'control.sock')
  }

  const app = controlApp(
    {
      ...{ keys: () => ({}), marks: () => ({ marks: [] }), status: () => ({}) },
      ...{ raise: () => ({}), clearQuarantine: () => ({}) },
    },
    () => undefined,
  )

  async function statusOf(path: string): Promise<number | undefined> {
    const asked = request({ socketPath: path, path: '/marks' }).end()
    const [response] = (await once(asked, 'response')) as [{ statusCode?: number; resume: () => void }]
    response.resume()
    return response.statusCode
  }

  it('may be opened by its owner alone, serves, and is removed at the end', async () => {
    const path = socketPath()
    const listener = await listen(app, { path })
    expect(listener.address).toBe(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(await statusOf(path)).toBe(200)
    await listener.close(LONG_MS)
    expect(existsSync(path)).toBe(false)
  })

  it('takes the place of one that a killed daemon left behind', async () => {
    const path = socketPath()
    const dead = net.createServer().listen(`${path}.dead`)
    await once(dead, 'listening')
    renameSync(`${path}.dead`, path) // so that closing it does not remove it
    dead.close()
    await once(dead, 'close')
    expect(existsSync(path)).toBe(true)
    const listener = await listen(app, { path })
    onTestFinished(() => listener.close(0))
    expect(await statusOf(path)).toBe(200)
  })

  it('takes the place of a file, and not that of a directory', async () => {
    const path = socketPath()
    writeFileSync(path, '')
    const listener = await listen(app, { path })
    expect(await statusOf(path)).toBe(200)
    await listener.close(LONG_MS)
    mkdirSync(path)
    await expect(listen(app, { path })).rejects.toThrow()
  })

  it("that cannot be made is the system's error", async () => {
    await expect(listen(app, { path: join(socketPath(), 'below', 'it') })).rejects.toThrow(/^listen E/)
  })
})
