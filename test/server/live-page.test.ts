import { request, type ClientRequest } from 'node:http'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { adminApp, type AdminSource, type StatusReport } from '../../src/server/index.js'
import type { LiveMessage } from '../../src/server/page/browser/live-message.js'
import { takeSnapshot } from '../../src/server/page/snapshot.js'
import { ManualClock } from '../policy/fixture.js'
import { adminSource, livePage, quietReport } from './admin-source.js'
import { serve } from './raw-client.js'

const READY = { ready: true, reasons: [] }

/** A viewer that keeps what it is told. */
function viewer() {
  const told: string[] = []
  const seen = { told, isEnded: false, isGone: false }
  return {
    seen,
    send: (bytes: Uint8Array) => {
      if (!seen.isGone) told.push(new TextDecoder().decode(bytes))
      return !seen.isGone
    },
    end: () => {
      seen.isEnded = true
    },
    messages: () =>
      told.flatMap((text) => {
        const data = /^event: status\ndata: (.*)\n\n$/.exec(text)?.[1]
        return data === undefined ? [] : [JSON.parse(data) as LiveMessage]
      }),
  }
}

/** A page over a state that a test changes, on a clock that stands still until it is moved. */
function bench() {
  const clock = new ManualClock()
  const faults: unknown[] = []
  const state = { report: quietReport(), renders: 0, changed: () => {}, broken: false }
  const latencies: ReturnType<AdminSource['latencies']>[number][] = []
  const source: AdminSource = {
    ...adminSource(READY),
    status: () => {
      state.renders += 1
      if (state.broken) throw new Error('broken')
      return state.report
    },
    latencies: () => latencies,
    onChange: (listener) => {
      state.changed = listener
      return () => {
        state.changed = () => {}
      }
    },
  }
  const page = livePage(source, { clock, onFault: (error) => faults.push(error) })
  const sign = () => {
    const { counts } = state.report
    state.report = { ...state.report, counts: { ...counts, signed: counts.signed + 1 } }
    latencies.push({ at: '2026-01-01T00:00:59.000Z', totalMs: latencies.length, deviceMs: 1, kind: 'block' })
    state.changed()
  }
  return { clock, page, state, source, faults, sign }
}

describe('the live page', () => {
  it('renders once for all viewers, once a second at most, and nothing while nobody looks', () => {
    const { clock, page, state, sign } = bench()
    sign()
    clock.advance(60_000)
    expect([state.renders, clock.timers]).toEqual([0, 0])
    const viewers = [viewer(), viewer(), viewer()]
    for (const one of viewers) page.join(one)
    expect(state.renders).toBe(1)
    for (let index = 0; index < 50; index += 1) {
      sign()
      clock.advance(100)
    }
    expect(state.renders).toBe(6)
    for (const one of viewers) expect(one.messages()).toHaveLength(6)
    for (const one of viewers) page.leave(one)
    expect(clock.timers).toBe(0)
    sign()
    clock.advance(60_000)
    expect(state.renders).toBe(6)
  })

  it('tells a viewer everything first, then the sections that changed and the signatures that are new', () => {
    const { clock, page, sign } = bench()
    sign()
    const one = viewer()
    page.join(one)
    const [whole] = one.messages()
    expect(whole).toMatchObject({ whole: true, state: 'ready', title: 'Ready – tezio-bridge' })
    expect(Object.keys(whole?.sections ?? {})).toHaveLength(8)
    expect(whole?.samples).toHaveLength(1)
    sign()
    sign()
    clock.advance(1000)
    const [, change] = one.messages()
    expect(change?.whole).toBe(false)
    expect(Object.keys(change?.sections ?? {})).toEqual(['requests'])
    expect(change?.samples.map(([, totalMs]) => totalMs)).toEqual([1, 2])
  })

  it('tells of a change at once when the last one is long ago, and finds by itself what has no event', () => {
    const { clock, page, state, sign } = bench()
    const one = viewer()
    page.join(one)
    clock.advance(2000)
    sign()
    clock.advance(50)
    expect(one.messages()).toHaveLength(2)
    state.report = { ...state.report, queue: { waiting: 7, capacity: 100 } }
    clock.advance(5000)
    expect(one.messages().at(-1)?.sections['requests']).toContain('7 of 100 places')
  })

  it('tells nothing when nothing changed, but that the daemon is alive', () => {
    const { clock, page } = bench()
    const one = viewer()
    page.join(one)
    clock.advance(45_000)
    expect(one.seen.told.map((text) => text.split('\n')[0])).toEqual([
      ...['event: status', 'event: alive', 'event: alive', 'event: alive'],
    ])
  })

  it('outlives a state that cannot be rendered', () => {
    const { clock, page, state, sign, faults } = bench()
    const one = viewer()
    page.join(one)
    state.broken = true
    sign()
    clock.advance(1000)
    expect(faults).toHaveLength(1)
    const unlucky = viewer()
    clock.advance(1000)
    page.join(unlucky)
    expect([unlucky.seen.isEnded, page.viewers]).toEqual([true, 1])
    state.broken = false
    sign()
    clock.advance(1000)
    expect(one.messages()).toHaveLength(2)
  })

  it('has 200 places, forgets viewers that are gone, and ends all streams when it closes', () => {
    const { clock, page, sign } = bench()
    const viewers = Array.from({ length: 200 }, viewer)
    for (const one of viewers) page.join(one)
    expect([page.viewers, page.isOpen]).toEqual([200, false])
    for (const one of viewers.slice(0, 20)) one.seen.isGone = true
    sign()
    clock.advance(1000)
    expect([page.viewers, page.isOpen]).toEqual([180, true])
    page.close()
    expect(viewers.filter(({ seen }) => seen.isEnded)).toHaveLength(180)
    expect([page.viewers, page.isOpen, clock.timers]).toEqual([0, false, 0])
  })
})

type Stream = {
  readonly asked: ClientRequest
  readonly closed: Promise<void>
  readonly text: () => string
}

describe('a stream of the live page', () => {
  /** Opens a stream, and reads nothing of it unless told so. */
  async function stream(url: string): Promise<Stream> {
    const asked = request(`${url}/api/events`, { agent: false })
    onTestFinished(() => {
      asked.destroy()
    })
    const closed = new Promise<void>((resolve) => {
      asked.once('close', resolve)
    })
    let text = ''
    const opened = new Promise<void>((resolve, reject) => {
      asked.on('error', reject)
      asked.on('response', (response) => {
        expect(response.headers['content-type']).toBe('text/event-stream')
        response.setEncoding('utf8')
        response.once('readable', () => {
          text += String(response.read())
          resolve()
        })
      })
    })
    asked.end()
    await opened
    return { asked, closed, text: () => text }
  }

  const serving = ({ page, source }: ReturnType<typeof bench>) =>
    serve(adminApp({ source, page, allowedHosts: [], onFault: () => undefined, onRefused: () => undefined }))

  it('begins with everything, ends for whoever leaves, and holds up no stop', async () => {
    const made = bench()
    const { url, listener } = await serving(made)
    const leaving = await stream(url)
    expect(leaving.text()).toMatch(/^event: status\ndata: \{"whole":true,/)
    const staying = await stream(url)
    expect(made.page.viewers).toBe(2)
    leaving.asked.destroy()
    await vi.waitUntil(() => made.page.viewers === 1)
    const stoppedAt = performance.now()
    made.page.close()
    await listener.close(60_000)
    expect(performance.now() - stoppedAt).toBeLessThan(5000)
    await staying.closed
  })

  it('is cut off for a viewer that does not read, and the others go on', async () => {
    const made = bench()
    const { url } = await serving(made)
    const idle = await stream(url)
    const reading = viewer()
    made.page.join(reading)
    expect(made.page.viewers).toBe(2)
    let megabytes = 0
    // the system's own buffers take some: more than they can hold is sent
    while (made.page.viewers === 2 && megabytes < 64) {
      megabytes += 1
      const message = `${megabytes}`.padEnd(500_000, 'x')
      made.state.report = quietReport({ readiness: { ready: false, reasons: [{ code: 'x', message }] } })
      made.clock.advance(5000)
      await new Promise(setImmediate)
    }
    expect(megabytes).toBeLessThan(64)
    expect([made.page.viewers, made.page.isOpen]).toEqual([1, true])
    idle.asked.destroy()
    await idle.closed
  })
})

describe('a rendered state', () => {
  const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;`

  /** A report in which every text that can come from outside is hostile. */
  function hostile(): StatusReport {
    const at = '2026-01-01T00:00:00.000Z'
    const times = { queueMs: 1, syncMs: 1, deviceMs: 1, totalMs: 1 }
    return quietReport({
      readiness: { ready: false, reasons: [{ code: HOSTILE, message: HOSTILE }] },
      device: {
        ...{ name: HOSTILE, kind: 'tezio', keys: [HOSTILE] },
        ...{ state: HOSTILE, since: at, path: HOSTILE, simulated: true },
        ...{ lastError: { code: HOSTILE, message: HOSTILE }, reconnects: 0, lateReplies: 0, noiseBytes: 0 },
      },
      keys: [
        {
          ...{ address: HOSTILE, curve: 'p256', alias: 3, publicKey: HOSTILE, signs: HOSTILE },
          ...{ lastSignedAt: at, quarantinedSince: at },
        },
      ],
      marks: [
        {
          ...{ chain: HOSTILE, chainName: HOSTILE, key: HOSTILE, kind: 'block', level: 1, round: 0 },
          ...{ raisedAt: at, state: 'signed' },
        },
      ],
      decisions: [
        {
          ...{ at, requestId: HOSTILE, key: HOSTILE, outcome: 'refused', code: HOSTILE, reason: HOSTILE },
          ...{ kind: HOSTILE, chain: HOSTILE, level: 1, round: 0, ...times },
        },
      ],
      latencies: { count: 1, p50Ms: 1, p95Ms: 1, p99Ms: 1, maxMs: 1 },
      warnings: [{ code: HOSTILE, message: HOSTILE, remedy: HOSTILE, at }],
    })
  }

  it('has no markup of what came from outside', () => {
    const latency = { at: '2026-01-01T00:00:00.000Z', totalMs: 1, deviceMs: 1, kind: HOSTILE }
    const { sections } = takeSnapshot({ status: hostile, latencies: () => [latency] })
    const names = ['verdict', 'warnings', 'device', 'latency', 'keys', 'marks', 'decisions'] as const
    for (const name of names) {
      expect(sections[name], name).toContain('&lt;script&gt;')
      expect(sections[name], name).not.toMatch(/<script|<img|onerror='/)
    }
  })
})
