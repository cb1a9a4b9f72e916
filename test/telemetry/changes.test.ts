import { expect, it } from 'vitest'
import type { DeviceHealth } from '../../src/device/index.js'
import { Telemetry, type Sources } from '../../src/telemetry/index.js'
import { ManualClock } from '../policy/fixture.js'

const CLOSED: DeviceHealth = {
  ...{ state: 'closed', since: 0, path: '/dev/ttyACM0', simulated: false, lastError: undefined },
  ...{ timesReady: 0, lateReplies: 0, noiseBytes: 0 },
}

function bench() {
  const clock = new ManualClock()
  const begin = Date.parse('2026-01-01T00:00:00Z') - clock.now()
  const wallClock = () => new Date(begin + clock.now())
  const telemetry = new Telemetry({ version: '1', keys: [], clock, wallClock })
  const state = { health: { ...CLOSED, since: clock.now() } }
  const none = () => []
  const sources: Sources = {
    ...{ keys: none, marks: none, quarantines: none, warnings: none, waiting: () => 0, queueCapacity: 1 },
    listening: () => [],
    devices: () => [{ name: 'board', kind: 'tezio', health: state.health, holds: [] }],
  }
  telemetry.attach(sources)
  return { clock, telemetry, state, sources }
}

it('tells of every event and of another configuration, until nobody listens any more', () => {
  const { telemetry, sources } = bench()
  let changes = 0
  const stop = telemetry.onChange(() => {
    changes += 1
  })
  telemetry.observe({ event: 'device.lost', device: 'board', path: '/dev/ttyACM0', reason: 'unplugged' })
  telemetry.attach(sources)
  expect(changes).toBe(2)
  stop()
  telemetry.observe({ event: 'device.lost', device: 'board', path: '/dev/ttyACM0', reason: 'unplugged' })
  expect(changes).toBe(2)
})

it('a board that is looked for in vain again and again is away since the first time', () => {
  const { clock, telemetry, state } = bench()
  telemetry.observe({ event: 'device.ready', device: 'board', path: '/dev/ttyACM0', ms: 1 })
  state.health = { ...CLOSED, state: 'ready', since: clock.now() }
  clock.advance(60_000)
  expect(telemetry.status().device.since).toBe('2026-01-01T00:00:00.000Z')
  telemetry.observe({ event: 'device.lost', device: 'board', path: '/dev/ttyACM0', reason: 'unplugged' })
  for (const next of ['closed', 'opening', 'closed'] as const) {
    clock.advance(2000)
    state.health = { ...CLOSED, state: next, since: clock.now() }
    expect(telemetry.status().device.since).toBe('2026-01-01T00:01:00.000Z')
  }
})
