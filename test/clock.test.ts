import { afterEach, describe, expect, it, vi } from 'vitest'
import { monotonicClock } from '../src/clock.js'
import { Turns } from '../src/policy/turns.js'
import { TZ1 } from './policy/fixture.js'

afterEach(() => {
  vi.useRealTimers()
})

const DAY_MS = 86_400_000
const JUMPS = [
  ['a year forward', 365 * DAY_MS],
  ['a day back', -DAY_MS],
] as const

/** Somebody at work, until told, and others who wait. */
function queue() {
  const turns = new Turns(monotonicClock, 10)
  let finish: () => void = () => undefined
  const hold = new Promise<void>((resolve) => (finish = resolve))
  const lane = { key: TZ1, isUrgent: true }
  const first = turns.run(lane, { deadlineAt: monotonicClock.now() + 10_000, signal: undefined }, () => hold)
  const wait = (ms: number) =>
    turns.run(lane, { deadlineAt: monotonicClock.now() + ms, signal: undefined }, () =>
      Promise.resolve('served'),
    )
  return { first, finish, wait }
}

describe('a wall clock that jumps', () => {
  it.each(JUMPS)('F13 %s ends no wait before its time, and prolongs none', async (_name, jumpMs) => {
    const { first, finish, wait } = queue()
    const patient = wait(10_000)
    const impatient = wait(50)
    const startedAt = performance.now()
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.now() + jumpMs)
    expect(await impatient).toBe('deadline-passed')
    const waitedMs = performance.now() - startedAt
    expect(waitedMs).toBeGreaterThan(40)
    expect(waitedMs).toBeLessThan(5_000)
    // One who comes after the jump waits by the same clock as one who came before it.
    const late = wait(10_000)
    finish()
    await first
    expect(await Promise.all([patient, late])).toEqual(['served', 'served'])
  })

  it.each(JUMPS)('F13 %s moves no instant of the monotonic clock', (_name, jumpMs) => {
    const before = monotonicClock.now()
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.now() + jumpMs)
    expect(Math.abs(monotonicClock.now() - before)).toBeLessThan(DAY_MS / 24)
  })
})
