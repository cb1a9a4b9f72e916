import { describe, expect, test } from 'vitest'
import { errorResponse } from '../../src/server/http-status.js'
import type { Incident } from '../policy/simulated-disk.js'
import { operation, TRANSACTION } from '../tezos/build-payload.js'
import { MARKED, TZ3, type Asked } from './place.js'
import { World, type Heard, type WorldOptions } from './world.js'

const NEVER: Incident = { at: -1, when: 'before', then: 'goes-on', code: 'EIO' }

/** What may go wrong with an operation. After `stays` the disk takes nothing until it is mended. */
const INCIDENTS: readonly (readonly [string, Omit<Incident, 'at'>])[] = [
  ['fails with EIO', { when: 'before', then: 'goes-on', code: 'EIO' }],
  ['is done although EIO is told', { when: 'behind', then: 'goes-on', code: 'EIO' }],
  ['fails with ENOSPC halfway', { when: 'halfway', then: 'goes-on', code: 'ENOSPC' }],
  ['fails with ENOSPC halfway, and all after it', { when: 'halfway', then: 'stays', code: 'ENOSPC' }],
  ['fails with EROFS, and all after it', { when: 'before', then: 'stays', code: 'EROFS' }],
  ['fails with EACCES, and all after it', { when: 'before', then: 'stays', code: 'EACCES' }],
]

/** A block of the key that bakes. */
const block = (level: number, variant = 0): Asked => ({ place: { ...MARKED[0]!, level, round: 0 }, variant })

const wordOf = (heard: Heard | undefined) => {
  if (heard === undefined || heard === 'nothing') return 'nothing'
  if (heard.outcome === 'refused') return heard.refusal.code
  return heard.repeated ? 'repeated' : 'signed'
}

/** A world that has signed level 1. */
async function started(options: WorldOptions = {}): Promise<World> {
  const world = new World(options)
  await world.start()
  expect(await words(world, block(1))).toEqual(['signed'])
  return world
}

async function words(world: World, ...requests: readonly Asked[]): Promise<readonly string[]> {
  return (await world.ask(requests)).map(wordOf)
}

/** The disk is in order again: all is well, also after a power cut. */
async function expectWell(world: World, afterFault: 'signed' | 'repeated'): Promise<void> {
  world.disk.restart()
  expect(await words(world, block(2))).toEqual([afterFault])
  expect(await words(world, block(2, 1))).toEqual(['conflicts-with-mark'])
  expect(await words(world, block(3))).toEqual(['signed'])
  await world.end('power-cut', 'loses power')
  await world.start()
  expect(await words(world, block(2), block(3, 1))).toEqual(['below-mark', 'conflicts-with-mark'])
  expect(await words(world, block(3))).toEqual([expect.stringMatching(/signed|repeated/)])
}

/** Nothing is signed: not a higher level, not the same one, not another key's, not what carries no mark. */
async function expectNothingSigned(world: World): Promise<void> {
  const { signs } = world
  const asked = [block(3), block(2, 1), { place: { ...MARKED.at(-1)!, level: 1, round: 0 }, variant: 0 }]
  for (const request of asked) {
    const [word] = await words(world, request)
    expect(['state-write-failed', 'conflicts-with-mark']).toContain(word)
  }
  const unmarked = await world.time.settle(world.running.sign(TZ3, operation(TRANSACTION)))
  expect(wordOf(unmarked)).toBe('state-write-failed')
  expect(world.signs).toBe(signs)
}

describe('whatever operation of a signature that rolls a segment', { timeout: 60_000 }, () => {
  const options = { journal: { segmentBytes: 1 } }

  /** The operations of a quiet signature, and which of them is the sync of its mark. */
  async function quiet() {
    const world = await started(options)
    world.disk.plan(NEVER)
    expect(await words(world, block(2))).toEqual(['signed'])
    const { trace } = world.disk
    await world.destroy()
    const syncAt = trace.indexOf('fdatasyncSync')
    expect(syncAt).toBeGreaterThan(3)
    return { operations: trace.length, syncAt }
  }

  test.each(INCIDENTS)(
    'F5 %s: without a synced mark nothing is sent, and nothing is signed before the journal was read again',
    async (_, incident) => {
      const { operations, syncAt } = await quiet()
      for (let at = 0; at < operations; at++) {
        const world = await started(options)
        world.disk.plan({ ...incident, at })
        const [heard] = await world.ask([block(2)])
        const word = wordOf(heard)
        const isSent = at > syncAt
        expect([at, word]).toEqual([at, isSent ? 'signed' : 'state-write-failed'])
        expect(world.signs).toBe(isSent ? 2 : 1)
        if (heard !== 'nothing' && heard?.outcome === 'refused')
          expect(errorResponse(heard.refusal).status).toBe(500)
        const { isSound, events } = world.running
        if (!isSent) expect(isSound).toBe(false)
        else expect(isSound).toBe(!events.some(({ event }) => event === 'signature.not-stored'))
        if (!isSound && incident.then === 'stays') await expectNothingSigned(world)
        await expectWell(world, isSent ? 'repeated' : 'signed')
        expect(events.filter(({ event }) => event === 'journal.reopened')).toHaveLength(isSound ? 0 : 1)
        await world.destroy()
      }
    },
  )

  test('F5 is a short write: it is carried on', async () => {
    const { operations } = await quiet()
    for (let at = 0; at < operations; at++) {
      const world = await started(options)
      world.disk.plan({ at, when: 'short', then: 'goes-on', code: 'EIO' })
      expect(await words(world, block(2))).toEqual(['signed'])
      expect(world.running.isSound).toBe(true)
      await expectWell(world, 'repeated')
      await world.destroy()
    }
  })
})

describe('whatever operation of a start', { timeout: 60_000 }, () => {
  test.each(INCIDENTS)(
    'F5 %s: there is no daemon then, and the next start finds every mark',
    async (_, incident) => {
      const dry = await started()
      await dry.stop()
      await dry.start(NEVER)
      const operations = dry.disk.trace.length
      await dry.destroy()
      expect(operations).toBeGreaterThan(6)
      for (let at = 0; at < operations; at++) {
        const world = await started()
        await world.stop()
        await expect(world.start({ ...incident, at })).rejects.toThrow(incident.code)
        expect(world.signs).toBe(1)
        await world.start()
        expect(await words(world, block(1, 1), block(1))).toEqual(['conflicts-with-mark', 'repeated'])
        await expectWell(world, 'signed')
        await world.destroy()
      }
    },
  )
})
