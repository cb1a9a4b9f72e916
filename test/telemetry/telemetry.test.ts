import { describe, expect, test } from 'vitest'
import { REMEDIES, Telemetry, type Sources } from '../../src/telemetry/index.js'
import { StandingClock } from '../device/support.js'
import { decided, board, KEY, mark, refused, sources, WallClock } from './fixture.js'

function setUp(change: Partial<Sources> = {}) {
  const clock = new StandingClock()
  const wall = new WallClock()
  const telemetry = new Telemetry({ version: '1.2.3', keys: [KEY], clock, wallClock: wall.now })
  telemetry.attach(sources(change))
  return { clock, wall, telemetry }
}

describe('the status', () => {
  test('tells the device and since when, in wall-clock time', () => {
    const { clock, wall, telemetry } = setUp({ devices: () => board({ since: 1000 }) })
    clock.advance(3000)
    wall.advance(3000)
    expect(telemetry.status()).toMatchObject({
      at: '2026-01-01T00:00:03.000Z',
      startedAt: '2026-01-01T00:00:00.000Z',
      readiness: { ready: true, reasons: [] },
      device: { state: 'ready', since: '2026-01-01T00:00:01.000Z', reconnects: 0 },
      queue: { waiting: 2, capacity: 100 },
    })
  })

  test('is ready while the board is at work', () => {
    const { telemetry } = setUp({ devices: () => board({ state: 'busy' }) })
    expect(telemetry.status()).toMatchObject({ readiness: { ready: true, reasons: [] }, warnings: [] })
  })

  test('is not ready without the board, and warns with the remedy of what is wrong', () => {
    const lastError = { code: 'port-permission', message: '/dev/ttyACM0: permission denied' }
    const { telemetry } = setUp({ devices: () => board({ state: 'closed', lastError }) })
    const { readiness, warnings } = telemetry.status()
    const message = 'the device is closed: /dev/ttyACM0: permission denied'
    expect(readiness).toEqual({ ready: false, reasons: [{ code: 'port-permission', message }] })
    expect(warnings).toMatchObject([{ code: 'port-permission', remedy: REMEDIES['port-permission'] }])
  })

  test('has a remedy for a device that is not there yet and says nothing more', () => {
    const { telemetry } = setUp({ devices: () => board({ state: 'opening' }) })
    expect(telemetry.status().warnings).toMatchObject([
      { code: 'device-unavailable', remedy: REMEDIES['device-unavailable'] },
    ])
  })

  test('warns of a simulated board although it is ready', () => {
    const { telemetry } = setUp({ devices: () => board({ simulated: true }) })
    expect(telemetry.status().readiness.ready).toBe(true)
    expect(telemetry.status().warnings).toMatchObject([{ code: 'simulated-device' }])
  })

  test('counts how often the board was found again', () => {
    const { telemetry } = setUp()
    const ready = { event: 'device.ready', device: 'board', path: '/dev/ttyACM0', ms: 80 } as const
    telemetry.observe(ready)
    expect(telemetry.status().device.reconnects).toBe(0)
    telemetry.observe(ready)
    telemetry.observe(ready)
    expect(telemetry.status().device.reconnects).toBe(2)
  })

  test.each([
    [{}, 'signed'],
    [{ signature: undefined }, 'raised'],
    [{ signature: undefined, digest: undefined }, 'set'],
  ] as const)('tells what a mark stands for (%j)', (change, state) => {
    const { telemetry } = setUp({ marks: () => [mark(change)] })
    expect(telemetry.status().marks).toMatchObject([{ chainName: 'mainnet', level: 100, state }])
    expect(JSON.stringify(telemetry.status().marks)).not.toContain('c0ffee')
  })

  test('tells when a key signed last, and that it is in quarantine', () => {
    const since = '2025-12-31T00:00:00.000Z'
    const later = '2026-01-01T00:00:00.000Z'
    const { telemetry } = setUp({
      marks: () => [
        mark(),
        mark({ kind: 'block', raisedAt: since }),
        mark({ signature: undefined, raisedAt: later }),
      ],
      quarantines: () => [{ key: KEY, since, digest: 'aa' }],
    })
    expect(telemetry.status().keys).toMatchObject([
      { address: KEY, lastSignedAt: '2025-12-31T23:59:00.000Z', quarantinedSince: since },
    ])
  })

  test('has the decisions with the name of their request, and the warnings of all', () => {
    const own = { code: 'marks-missing', message: 'm', remedy: 'r', at: undefined }
    const { telemetry } = setUp({ warnings: () => [own] })
    telemetry.observe(decided())
    telemetry.observe(refused('conflicts-with-mark', { requestId: 'r2' }))
    const { decisions, counts, latencies, warnings } = telemetry.status()
    expect(decisions.map(({ requestId }) => requestId)).toEqual(['r2', 'r1'])
    expect(counts).toEqual({ signed: 1, repeated: 0, refused: 1 })
    expect(latencies.count).toBe(1)
    expect(warnings.map(({ code }) => code)).toEqual(['marks-missing', 'conflicting-payload'])
  })

  test('follows what it is attached to anew', () => {
    const { telemetry } = setUp()
    telemetry.attach(sources({ waiting: () => 7 }))
    expect(telemetry.status().queue.waiting).toBe(7)
  })
})
