import { describe, expect, test } from 'vitest'
import { Activity } from '../../src/telemetry/activity.js'
import { decided, refused, WallClock } from './fixture.js'

function setUp() {
  const clock = new WallClock()
  return { clock, activity: new Activity(clock.now) }
}

describe('the activity of a bridge', () => {
  test('is empty at first', () => {
    const { activity } = setUp()
    expect(activity.decisions()).toEqual([])
    expect(activity.counts()).toEqual({ signed: 0, repeated: 0, refused: 0 })
    expect(activity.latencyReport()).toEqual({
      ...{ count: 0, p50Ms: undefined, p95Ms: undefined, p99Ms: undefined, maxMs: undefined },
    })
  })

  test('keeps the last hundred decisions, the newest first, and counts them all', () => {
    const { activity } = setUp()
    for (let level = 1; level <= 150; level += 1) activity.decided(decided({ level }))
    activity.decided(decided({ outcome: 'repeated' }))
    activity.decided(refused('below-mark'))
    expect(activity.decisions()).toHaveLength(100)
    expect(activity.decisions()[0]).toMatchObject({ outcome: 'refused', code: 'below-mark' })
    expect(activity.decisions()[2]).toMatchObject({ outcome: 'signed', level: 150 })
    expect(activity.counts()).toEqual({ signed: 150, repeated: 1, refused: 1 })
  })

  test('tells the times of signatures, and not of refusals', () => {
    const { activity } = setUp()
    for (let ms = 1; ms <= 200; ms += 1) activity.decided(decided({ totalMs: ms }))
    activity.decided(refused('device-timeout', { totalMs: 1500 }))
    expect(activity.latencyReport()).toEqual({ count: 200, p50Ms: 100, p95Ms: 190, p99Ms: 198, maxMs: 200 })
  })

  test('forgets a signature after an hour, and remembers it until then', () => {
    const { activity, clock } = setUp()
    activity.decided(decided({ totalMs: 900 }))
    clock.advance(60 * 60 * 1000)
    activity.decided(decided({ totalMs: 150 }))
    expect(activity.latencyReport()).toMatchObject({ count: 2, maxMs: 900 })
    clock.advance(1)
    expect(activity.latencies()).toEqual([
      { at: '2026-01-01T01:00:00.000Z', totalMs: 150, deviceMs: 148, kind: 'attestation' },
    ])
  })

  test('keeps no more than 4096 signatures, however many there are in an hour', () => {
    const { activity } = setUp()
    for (let count = 0; count < 5000; count += 1) activity.decided(decided({ totalMs: count }))
    expect(activity.latencies()).toHaveLength(4096)
    expect(activity.latencies()[0]?.totalMs).toBe(5000 - 4096)
  })
})
