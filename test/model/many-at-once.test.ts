import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorResponse } from '../../src/server/http-status.js'
import { MARKED, type Asked } from './place.js'
import { World, type Heard } from './world.js'

const ROUNDS = 500
const CLIENTS = 50

/** When each client asks, in ms: before, while and after the board signs, which takes it some 130 ms. */
const jitter = fc.array(fc.oneof(fc.nat(3), fc.nat(200)), { minLength: CLIENTS, maxLength: CLIENTS })

const statusOf = (heard: Heard) => {
  if (heard === 'nothing') return 'nothing'
  return heard.outcome === 'signed' ? 200 : errorResponse(heard.refusal).status
}

describe('a thousand rounds of 50 clients with jitter, on one bridge and one board', () => {
  const world = new World({ latency: 'board' })
  let level = 0

  beforeAll(() => world.start())
  afterAll(() => world.destroy())

  /** One round at a new level: who asks for what, and what they hear. */
  async function round(
    kind: 'block' | 'attestation',
    variantOf: (client: number) => number,
    delays: number[],
  ) {
    level += 1
    const mark = MARKED.find((one) => one.kind === kind)!
    const requests: Asked[] = delays.map((_, client) => ({
      ...{ place: { ...mark, level, round: 0 }, variant: variantOf(client) },
    }))
    const before = world.signs
    const heard = await world.ask(requests, undefined, delays)
    expect(world.signs - before).toBe(1)
    return heard
  }

  test('F10 of 50 payloads for one place one is signed, 49 are refused, and the board gets one SIGN', async () => {
    await fc.assert(
      fc.asyncProperty(jitter, async (delays) => {
        const heard = await round('block', (client) => client, delays)
        const statuses = heard.map(statusOf)
        expect(statuses.filter((status) => status === 200)).toHaveLength(1)
        expect(statuses.filter((status) => status === 409)).toHaveLength(CLIENTS - 1)
        // who came first got it: those who came later did not overtake
        const first = Math.min(...delays)
        expect(delays[statuses.indexOf(200)]).toBe(first)
      }),
      { numRuns: ROUNDS },
    )
  }, 120_000)

  test('F11 50 equal requests get one signature, and the board gets one SIGN', async () => {
    await fc.assert(
      fc.asyncProperty(jitter, async (delays) => {
        const heard = await round('attestation', () => 0, delays)
        const signatures = heard.map((one) =>
          one !== 'nothing' && one.outcome === 'signed' ? one.signature : 'none',
        )
        expect(new Set(signatures).size).toBe(1)
        expect(signatures).not.toContain('none')
      }),
      { numRuns: ROUNDS },
    )
  }, 120_000)
})
