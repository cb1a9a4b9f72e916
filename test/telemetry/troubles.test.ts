import { describe, expect, test } from 'vitest'
import type { BridgeEvent } from '../../src/telemetry/index.js'
import { REMEDIES } from '../../src/telemetry/index.js'
import { Troubles } from '../../src/telemetry/troubles.js'
import { decided, KEY, MAINNET, refused, WallClock } from './fixture.js'

function setUp(...events: readonly BridgeEvent[]) {
  const clock = new WallClock()
  const troubles = new Troubles(clock.now)
  for (const event of events) troubles.observe(event)
  return { clock, troubles, codes: () => troubles.warnings().map(({ code }) => code) }
}

const READY: BridgeEvent = { event: 'device.ready', device: 'board', path: '/dev/ttyACM0', ms: 80 }
const FAILED: BridgeEvent = { event: 'journal.write-failed', reason: 'ENOSPC' }
const UNKNOWN: BridgeEvent = { event: 'head.unknown', chain: MAINNET, reason: 'no route', onError: 'allow' }
const SILENT: BridgeEvent = {
  ...{ event: 'hook.unavailable', key: KEY, code: 'timeout', reason: 'slow', onError: 'allow' },
}
const REFUSED: BridgeEvent = { event: 'config.reload-refused', reason: 'line 3' }
const AT = { chain: MAINNET, key: KEY, kind: 'block' } as const

describe('what deserves a warning', () => {
  test.each<readonly [string, readonly BridgeEvent[]]>([
    ['device-reconnects', [READY, READY]],
    ['foreign-writer', [{ event: 'device.sync-lost', device: 'board', reason: 'stray-bytes' }]],
    [
      'spare-took-over',
      [{ event: 'device.took-over', key: KEY, device: 'right', instead: 'left', reason: 'device-lost' }],
    ],
    ['late-replies', [{ event: 'device.late-reply-discarded', device: 'board', bytes: 3 }]],
    ['journal-failed', [FAILED]],
    ['head-unknown', [UNKNOWN]],
    ['hook-unavailable', [SILENT]],
    ['mark-suspected', [{ event: 'mark.suspected', ...AT, markLevel: 5, head: 90, signsFrom: 93 }]],
    ['reload-refused', [REFUSED]],
    ['conflicting-payload', [refused('conflicts-with-mark')]],
    ['level-gap', [refused('level-gap')]],
    ['authentication-failures', [refused('authentication-missing')]],
    ['authentication-failures', [refused('authentication-invalid')]],
    ['signature-invalid', [refused('signature-invalid')]],
    ['device-watermark', [refused('device-watermark')]],
    ['device-watermark', [refused('signature-lost')]],
    ['device-timeout', [refused('device-timeout')]],
  ])('%s, with its remedy', (code, events) => {
    const { troubles } = setUp(...events)
    expect(troubles.warnings()).toMatchObject([{ code, remedy: REMEDIES[code as keyof typeof REMEDIES] }])
  })

  test.each<readonly [string, readonly BridgeEvent[]]>([
    ['a signature', [decided(), decided({ outcome: 'repeated' })]],
    ['the first contact with the board', [READY]],
    ['the first contact with a second board', [READY, { ...READY, device: 'spare' }]],
    [
      'a reply that fits again after a lost one',
      [{ event: 'device.sync-lost', device: 'board', reason: 'no-reply' }],
    ],
    ['a request that comes too late', [refused('below-mark'), refused('queue-full')]],
    ['a request while the board is away, which is shown as such', [refused('device-unavailable')]],
    ['what a rule of the configuration refuses', [refused('operation-not-allowed')]],
  ])('not %s', (_what, events) => {
    expect(setUp(...events).codes()).toEqual([])
  })
})

describe('a warning', () => {
  test('says how often, and when last', () => {
    const { troubles, clock } = setUp(refused('conflicts-with-mark'))
    clock.advance(5000)
    troubles.observe(refused('conflicts-with-mark'))
    const [warning] = troubles.warnings()
    expect(warning?.message).toMatch(/\(2 times\)$/)
    expect(warning?.at).toBe('2026-01-01T00:00:05.000Z')
  })

  test('is there for an hour and then no more', () => {
    const { codes, clock } = setUp(refused('conflicts-with-mark'))
    clock.advance(60 * 60 * 1000)
    expect(codes()).toEqual(['conflicting-payload'])
    clock.advance(1)
    expect(codes()).toEqual([])
  })

  test.each<readonly [BridgeEvent, BridgeEvent]>([
    [FAILED, { event: 'journal.reopened' }],
    [UNKNOWN, { event: 'head.known', chain: MAINNET, head: 7 }],
    [SILENT, { event: 'hook.answered', key: KEY }],
    [REFUSED, { event: 'config.reloaded', changed: [] }],
  ])('of $event is taken back when it is over', (began, ended) => {
    expect(setUp(began).codes()).toHaveLength(1)
    expect(setUp(began, ended).codes()).toEqual([])
  })

  test('that is newer comes first', () => {
    const { troubles, clock, codes } = setUp(FAILED)
    clock.advance(1)
    troubles.observe(refused('level-gap'))
    expect(codes()).toEqual(['level-gap', 'journal-failed'])
  })
})
