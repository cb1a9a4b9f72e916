import { afterEach, describe, expect, test, vi } from 'vitest'
import { monotonicClock } from '../../src/clock.js'
import { atSign, type Disturbance } from './disturbance.js'
import { MARKED, type Asked } from './place.js'
import { World } from './world.js'

const NOW = Date.parse('2026-06-15T12:00:00Z')
const DAY_MS = 86_400_000

/** What the wall clock does: nothing, a year forward, a day back, or to and fro. */
const JUMPS: Readonly<Record<string, (count: number) => number>> = {
  'a year forward': () => 365 * DAY_MS,
  'a day back': () => -DAY_MS,
  'back before 1980': () => -60 * 365 * DAY_MS,
  'to and fro': (count) => (count % 2 === 0 ? 365 * DAY_MS : -366 * DAY_MS),
}

afterEach(() => {
  vi.useRealTimers()
})

const asked = (level: number, variant = 0, round = 0): Asked => ({
  ...{ place: { ...MARKED[0]!, level, round }, variant },
})

const lost: Disturbance = { what: 'reply', fault: 'drop-reply', parameters: {}, turn: 0 }
const late: Disturbance = { what: 'reply', fault: 'late-reply', parameters: { ms: 1600 }, turn: 0 }

/**
 * A life with every deadline there is: of a SIGN, of a turn, of a resynchronisation and of the back-off. What clients
 * heard and when, with the marks at the end. `jump` is called again and again, in the middle of signatures too.
 */
async function live(jump: () => void) {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW })
  const world = new World({ latency: 'board' })
  const told: unknown[] = []
  const ask = async (requests: readonly Asked[], disturbance?: Disturbance) => {
    const heard = await world.ask(requests, disturbance)
    for (const one of heard) {
      const word = one === 'nothing' || one.outcome === 'signed' ? 'signed' : one.refusal.code
      told.push([word, Math.round(world.time.now())])
    }
    jump()
    await world.untilReady()
  }
  try {
    await world.start()
    world.board.addBehaviour(atSign(1, (actions) => [{ kind: 'call', afterMs: 0, run: jump }, ...actions]))
    await ask([asked(1), asked(1, 1), asked(1)])
    await ask([asked(2), asked(3)], lost) // the second one waits for the resynchronisation
    await ask([asked(4)], late)
    await ask([asked(4), asked(4, 1), asked(3)])
    await ask(Array.from({ length: 60 }, (_, index) => asked(5, 0, index))) // more than are served within 4 s
    world.plug.unplug()
    jump()
    await world.time.pass(3000)
    world.plug.replug()
    await world.time.pass(0)
    await world.untilReady()
    await world.stop()
    jump()
    await world.start()
    await ask([asked(2, 1), asked(6), asked(6, 1)])
    const marks = world.running.journal.marks().map(({ kind, level, round }) => [kind, level, round])
    return { told, marks }
  } finally {
    await world.destroy()
    vi.useRealTimers()
  }
}

describe('a wall clock that jumps', () => {
  test.each(Object.keys(JUMPS))('F13 (%s) changes no deadline and no mark', async (name) => {
    const quiet = await live(() => undefined)
    let count = 0
    const disturbed = await live(() => {
      vi.setSystemTime(Date.now() + (JUMPS[name]?.(count++) ?? 0))
    })
    expect(count).toBeGreaterThan(6)
    const words = new Set(quiet.told.map((one) => String((one as readonly unknown[])[0])))
    for (const word of ['signed', 'device-timeout', 'conflicts-with-mark', 'below-mark', 'deadline-passed'])
      expect(words).toContain(word)
    expect(disturbed).toEqual(quiet)
  })

  test.each(Object.keys(JUMPS))('F13 (%s) moves nothing on the monotonic clock', async (name) => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW })
    const startedAt = monotonicClock.now()
    const over = new Promise<void>((resolve) => monotonicClock.after(20, resolve))
    vi.setSystemTime(Date.now() + (JUMPS[name]?.(0) ?? 0))
    await over
    const ms = monotonicClock.now() - startedAt
    expect(ms).toBeGreaterThanOrEqual(19)
    expect(ms).toBeLessThan(DAY_MS / 24)
  })
})
