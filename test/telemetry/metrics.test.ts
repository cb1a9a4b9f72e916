import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import type { BridgeEvent } from '../../src/telemetry/index.js'
import { hasDebianPackage } from '../debian-package.js'
import { CASES, lastSignature, requests } from './cases.js'
import { seriesOf } from './exposition.js'
import {
  CHAIN,
  board,
  KEY,
  mark,
  NOW,
  OTHER_CHAIN,
  OTHER_KEY,
  STRANGER,
  telemetry,
} from './metrics-fixture.js'

const OWN = /^tezio_/

/** What an event adds to which series of our own; the buckets of histograms are left out. */
async function movedBy(event: BridgeEvent, before: readonly BridgeEvent[] = []) {
  const { text } = telemetry()
  const earlier = seriesOf(await text(...before))
  const later = seriesOf(await text(event))
  const changes = [...later].filter(([series, value]) => OWN.test(series) && value !== earlier.get(series))
  return Object.fromEntries(
    changes
      .filter(([series]) => !series.includes('_bucket'))
      .map(([series, value]) => [series, Number((value - (earlier.get(series) ?? 0)).toFixed(6))]),
  )
}

describe('what moves which series', () => {
  test.each(CASES.map(([what, event, moved, before = []]) => ({ what, event, moved, before })))(
    '$what',
    async ({ event, moved, before }) => {
      expect(await movedBy(event, before)).toEqual(moved)
    },
  )

  test('is said of every event there is', () => {
    const names: Readonly<Record<BridgeEvent['event'], true>> = {
      ...{ 'signature.decided': true, 'signature.not-stored': true, 'key.quarantined': true },
      ...{ 'device.opened': true, 'device.ready': true, 'device.open-failed': true, 'device.lost': true },
      ...{ 'device.sync-lost': true, 'device.resynced': true, 'device.noise-discarded': true },
      ...{ 'device.late-reply-discarded': true, 'device.command-finished': true, 'request.refused': true },
      ...{ 'journal.torn-line-dropped': true, 'journal.write-failed': true, 'journal.reopened': true },
      ...{
        'journal.rolled': true,
        'head.known': true,
        'head.unknown': true,
        'hook.unavailable': true,
        'hook.answered': true,
        'mark.suspected': true,
      },
      ...{ 'device.took-over': true, 'marks.unavailable': true, 'marks.available': true },
      ...{ 'marks.went-back': true, 'marks.connected': true, 'marks.connection-lost': true },
      ...{ 'dynamodb.asked-again': true, 'ethereum.decided': true },
      ...{ 'vault.unlocked': true, 'vault.not-unlocked': true, 'accounts.not-settled': true },
      ...{ 'config.reloaded': true, 'config.reload-refused': true },
      ...{ 'tls.handshake-failed': true, 'tls.certificate-expiring': true },
    }
    expect([...new Set(CASES.map(([, { event }]) => event))].sort()).toEqual(Object.keys(names).sort())
  })
})

describe('before anything happened', () => {
  test('every series that an alert counts is there, at 0', async () => {
    const series = seriesOf(await telemetry().text())
    const zeros = [...series].filter(([name, value]) => OWN.test(name) && value === 0).map(([name]) => name)
    expect(zeros).toEqual(
      expect.arrayContaining([
        ...['no-mark', 'below-mark', 'conflicts-with-mark', 'level-gap'].map(
          (code) => `tezio_mark_denials_total{code=${code}}`,
        ),
        ...[
          'device-lost',
          'device-timeout',
          'device-watermark',
          'wrong-device',
          'port-not-found',
          'port-busy',
        ].map((code) => `tezio_device_errors_total{code=${code}}`),
        ...[
          'tezio_journal_errors_total',
          'tezio_signature_verify_failures_total',
          'tezio_auth_failures_total',
        ],
        ...['tezio_device_reconnects_total', 'tezio_late_replies_total', 'tezio_keys_quarantined'],
        'tezio_link_noise_total{reason=idle}',
        'tezio_policy_denials_total{rule=peer-not-allowed}',
        requests('signed'),
        requests('signed', '', OTHER_KEY, 'block'),
        'tezio_request_duration_seconds_count{kind=attestation}',
        'tezio_device_roundtrip_seconds_count{command=SIGN}',
        'tezio_queue_wait_seconds_count',
        'tezio_mark_sync_seconds_count',
      ]),
    )
  })

  test('no time of a signature is made up', async () => {
    expect(await telemetry().text()).not.toContain('tezio_last_signature_timestamp_seconds{')
  })
})

describe('what is, whenever it is asked', () => {
  test.each([
    ['ready', 1, 1],
    ['busy', 1, 1],
    ['resyncing', 1, 0],
    ['syncing', 0, 0],
    ['opening', 0, 0],
    ['closed', 0, 0],
  ] as const)('a board that is %s: connected %d, ready %d', async (state, connected, isReady) => {
    const series = seriesOf(await telemetry({ devices: () => board(state) }).text())
    expect([series.get('tezio_device_connected'), series.get('tezio_ready')]).toEqual([connected, isReady])
  })

  test('marks of the configured keys, also when they went up, and none of another key', async () => {
    let level = 7
    const { text } = telemetry({ marks: () => [mark({ level }), mark({ key: STRANGER, level: 1 })] })
    const at = `{chain=${CHAIN},key=${KEY},kind=attestation}`
    expect(seriesOf(await text()).get(`tezio_mark_level${at}`)).toBe(7)
    level = 8
    const later = seriesOf(await text())
    expect([later.get(`tezio_mark_level${at}`), later.get(`tezio_mark_round${at}`)]).toEqual([8, 1])
    expect([...later.keys()].filter((name) => name.includes(STRANGER))).toEqual([])
  })

  test('requests that wait, keys in quarantine, and the version', async () => {
    const quarantine = { key: KEY, digest: '00', since: NOW.toISOString() }
    const series = seriesOf(await telemetry({ waiting: () => 3, quarantines: () => [quarantine] }).text())
    expect(series.get('tezio_queue_depth')).toBe(3)
    expect(series.get('tezio_keys_quarantined')).toBe(1)
    expect(series.get(`tezio_build_info{node=${process.version},version=1.2.3}`)).toBe(1)
  })
})

describe('the last signature after a restart', () => {
  const at = (text: string) => ({ raisedAt: `2026-01-01T00:00:${text}Z` })

  test('is the newest of all chains, whatever their order', async () => {
    const marks = [mark({ ...at('30'), chain: OTHER_CHAIN }), mark(at('10'))]
    for (const order of [marks, marks.toReversed()]) {
      const series = seriesOf(await telemetry({ marks: () => order }).text())
      expect(series.get(lastSignature)).toBe(Date.parse('2026-01-01T00:00:30Z') / 1000)
    }
  })

  test('is none for a mark that was seeded or raised by hand', async () => {
    const { text } = telemetry({ marks: () => [mark({ digest: undefined, signature: undefined })] })
    expect(await text()).not.toContain('tezio_last_signature_timestamp_seconds{')
  })
})

describe.runIf(hasDebianPackage('prometheus'))('promtool', () => {
  const check = (input: string) => spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })

  test('reads what is served without a complaint, before and after every event', async () => {
    const { text } = telemetry({ marks: () => [mark()] })
    for (const served of [await text(), await text(...CASES.map(([, event]) => event))]) {
      const { status, stdout, stderr } = check(served)
      expect([status, stdout, stderr]).toEqual([0, '', ''])
    }
  })

  test('complains of a metric without help', () => {
    expect(check('tezio_x 1\n').stderr).toContain('no help text')
  })
})
