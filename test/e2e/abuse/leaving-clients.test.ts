import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSimulatedTezio, type LatencyModel } from '../../../hw-sim/index.js'
import { transcriptKeys } from '../../device/support.js'
import { attestation, octezBody, outcome } from '../../server/fixture.js'
import { exchange, octezPost, RawClient } from '../../server/raw-client.js'
import { ADDRESS, BAKING_CONFIG, type LogLine } from '../daemon.js'
import { START_MS, Target } from './target.js'

/** A board that takes its time to sign, so that clients can leave meanwhile. */
const SLOW: LatencyModel = { name: 'slow', delayMs: ({ name }) => (name === 'SIGN' ? 300 : 0) }
const KEY = ADDRESS.tz3

let target: Target
beforeEach(async () => {
  target = await Target.start(BAKING_CONFIG, createSimulatedTezio({ keys: transcriptKeys(), latency: SLOW }))
}, START_MS)
afterEach(() => target.close())

type Leaving = { readonly leave: () => Promise<unknown> }

/** Asks for a signature and leaves when told to, once by closing, once by resetting the connection, once as fetch does. */
const WAYS: readonly (readonly [string, (payload: Uint8Array) => Promise<Leaving>])[] = [
  ['closes its connection', (payload) => rawClient(payload, (client) => client.socket.end())],
  ['resets its connection', (payload) => rawClient(payload, (client) => client.socket.resetAndDestroy())],
  [
    'aborts its fetch',
    (payload) => {
      const { abort, signal } = abortion()
      const headers = { 'content-type': 'application/json' }
      const asked = fetch(`${target.url}/keys/${KEY}`, {
        method: 'POST',
        headers,
        body: octezBody(payload),
        signal,
      })
      const over = asked.catch(() => undefined)
      return Promise.resolve({
        leave: () => {
          abort()
          return over
        },
      })
    },
  ],
]

async function rawClient(payload: Uint8Array, leave: (client: RawClient) => void): Promise<Leaving> {
  const client = await RawClient.open(target.port)
  await client.write(octezPost(KEY, payload))
  return {
    leave: () => {
      leave(client)
      return client.closed
    },
  }
}

function abortion() {
  const controller = new AbortController()
  return {
    signal: controller.signal,
    abort: () => {
      controller.abort()
    },
  }
}

/** Resolves when the next SIGN is at the board. */
function nextSign(): Promise<void> {
  const { simulated } = target.bench
  return new Promise((resolve) => {
    const stop = simulated.onBytes((direction) => {
      if (direction !== 'in') return
      stop()
      resolve()
    })
  })
}

const decisions = (lines: readonly LogLine[]) => lines.filter(({ event }) => event === 'signature.decided')
const ask = async (payload: Uint8Array) => outcome(await exchange(target.port, octezPost(KEY, payload)))
const attestationMarks = () => target.journal.filter((line) => /"type":"mark".*"attestation"/.test(line))

describe.each(WAYS)('F41 a client that %s', (_way, begin) => {
  it('while it waits for its turn burns nothing: another payload for that level is signed', async () => {
    const sent = nextSign()
    const first = ask(attestation({ level: 1 }))
    await sent
    const marks = attestationMarks().length
    const client = await begin(attestation({ level: 2, seed: 1 }))
    await target.settles() // it stands in the queue by now
    await client.leave()
    expect(await first).toBe('200')
    await target.daemon.until((lines) => decisions(lines).length === 2)
    expect(decisions(target.daemon.lines).map(({ code }) => code)).toContain('client-gone')
    expect(attestationMarks()).toHaveLength(marks)
    expect(target.bench.signCommands).toBe(1)
    expect(await ask(attestation({ level: 2, seed: 2 }))).toBe('200')
  })

  it('while the board signs finds its signature when it asks again, and no other payload gets one', async () => {
    const payload = attestation({ level: 5 })
    const sent = nextSign()
    const client = await begin(payload)
    await sent
    await client.leave()
    await target.daemon.until((lines) => decisions(lines).length === 1)
    expect(decisions(target.daemon.lines)).toMatchObject([{ outcome: 'signed', level: 5 }])
    expect(await ask(attestation({ level: 5, seed: 1 }))).toBe('409 conflicts-with-mark')
    const first = await exchange(target.port, octezPost(KEY, payload))
    const second = await exchange(target.port, octezPost(KEY, payload))
    expect(first).toMatchObject({ status: 200, body: second.body as object })
    expect(target.bench.signCommands).toBe(1)
    expect(target.faults).toEqual([])
  })

  it('and asks again while the board still signs for it gets that very signature', async () => {
    const payload = attestation({ level: 5 })
    const sent = nextSign()
    const client = await begin(payload)
    await sent
    const again = Promise.all([1, 2, 3].map(() => exchange(target.port, octezPost(KEY, payload))))
    await client.leave()
    const answers = await again
    expect(answers.map(outcome)).toEqual(['200', '200', '200'])
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    expect(target.bench.signCommands).toBe(1)
  })
})

describe('F41 a hundred clients that leave', () => {
  it('at once, at any moment, leave one signature for the level and a daemon that signs', async () => {
    const sent = nextSign()
    const first = ask(attestation({ level: 1 }))
    await sent
    const clients = await Promise.all(
      Array.from({ length: 99 }, (_, seed) =>
        rawClient(attestation({ level: 2, seed }), ({ socket }) => socket.destroy()),
      ),
    )
    await Promise.all(clients.map((client) => client.leave()))
    expect(await first).toBe('200')
    expect(await ask(attestation({ level: 3 }))).toBe('200')
    const signed = decisions(target.daemon.lines).filter(
      ({ outcome: what, level }) => what === 'signed' && level === 2,
    )
    expect(signed.length).toBeLessThanOrEqual(1)
    expect(target.bench.signCommands).toBe(2 + signed.length)
    expect(target.faults).toEqual([])
  })
})
