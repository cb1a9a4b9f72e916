import type { BridgeEvent } from '../../src/telemetry/index.js'
import { CHAIN, decided, denied, KEY, NOW, STRANGER } from './metrics-fixture.js'

/** The name of a series of requests. */
export const requests = (outcome: string, code = '', key: string = KEY, kind = 'attestation') =>
  `tezio_requests_total{code=${code},key=${key},kind=${kind},outcome=${outcome}}`
const took = (kind: string, ms: number) => ({
  [`tezio_request_duration_seconds_count{kind=${kind}}`]: 1,
  [`tezio_request_duration_seconds_sum{kind=${kind}}`]: ms / 1000,
})
const waited = (ms: number) => ({
  tezio_queue_wait_seconds_count: 1,
  ...(ms === 0 ? {} : { tezio_queue_wait_seconds_sum: ms / 1000 }),
})
const reached = { ...waited(2), ...took('attestation', 150) }
const deviceError = (code: string) => ({ [`tezio_device_errors_total{code=${code}}`]: 1 })
const denial = (code: string) => ({
  [requests('refused', code)]: 1,
  [`tezio_mark_denials_total{code=${code}}`]: 1,
})
const refusedRule = (code: string, key: string = KEY, kind = 'attestation') => ({
  [requests('refused', code, key, kind)]: 1,
  [`tezio_policy_denials_total{rule=${code}}`]: 1,
})

/** The name of the series that tells when KEY signed an attestation last. */
export const lastSignature = `tezio_last_signature_timestamp_seconds{key=${KEY},kind=attestation}`
const ready: BridgeEvent = { event: 'device.ready', device: 'board', path: '/dev/ttyACM0', ms: 300 }
const finished = (
  outcome: Extract<BridgeEvent, { event: 'device.command-finished' }>['outcome'],
  command = 'SIGN',
) => ({ event: 'device.command-finished', device: 'board', command, outcome, ms: 140 }) as const
const refused = (
  code: Extract<BridgeEvent, { event: 'request.refused' }>['code'],
  listener: 'signer' | 'admin' = 'signer',
) => ({ event: 'request.refused', listener, requestId: 'r', code, reason: 'why', peer: '127.0.0.1' }) as const

/** What happens, the event that tells it, what it adds to which series, and what came before. */
export type Case = readonly [
  what: string,
  event: BridgeEvent,
  moved: Readonly<Record<string, number>>,
  before?: readonly BridgeEvent[],
]

const DECISIONS: readonly Case[] = [
  [
    'a signature',
    decided(),
    {
      ...{ [requests('signed')]: 1, ...reached, [lastSignature]: NOW.getTime() / 1000 },
      ...{ tezio_mark_sync_seconds_count: 1, tezio_mark_sync_seconds_sum: 0.004 },
    },
  ],
  [
    'a stored signature',
    decided({ outcome: 'repeated', verdict: 'repeat', syncMs: 0, deviceMs: 0 }),
    { [requests('repeated')]: 1, ...reached, tezio_repeated_signatures_total: 1 },
  ],
  [
    'a denial while the mark was to be raised',
    denied('conflicts-with-mark', { verdict: 'deny', syncMs: 3 }),
    denial('conflicts-with-mark'),
  ],
  ['a level below the mark', denied('below-mark', { verdict: 'deny' }), denial('below-mark')],
  ['no mark', denied('no-mark', { verdict: 'deny' }), denial('no-mark')],
  ['a level too far from the head', denied('level-gap'), denial('level-gap')],
  [
    'an invalid authentication',
    denied('authentication-invalid', { admitted: false }),
    { [requests('refused', 'authentication-invalid')]: 1, tezio_auth_failures_total: 1 },
  ],
  [
    'a missing authentication',
    denied('authentication-missing', { admitted: false }),
    { [requests('refused', 'authentication-missing')]: 1, tezio_auth_failures_total: 1 },
  ],
  [
    'a key of somebody else',
    denied('unknown-key', { admitted: false, key: STRANGER, kind: 'nonsense' }),
    refusedRule('unknown-key', 'unknown', 'unknown'),
  ],
  [
    'a client that may not ask for the key',
    denied('client-not-allowed', { admitted: false, client: 'spare' }),
    refusedRule('client-not-allowed'),
  ],
  [
    'a kind that the key may not sign',
    denied('operation-not-allowed', { admitted: false, kind: 'operation' }),
    refusedRule('operation-not-allowed', KEY, 'operation'),
  ],
  [
    'a chain that is not allowed',
    denied('chain-not-allowed', { admitted: false }),
    refusedRule('chain-not-allowed'),
  ],
  [
    'a destination that is not listed',
    denied('transaction-not-allowed', {
      admitted: false,
      kind: 'operation',
      rule: 'transactions.destinations',
    }),
    {
      [requests('refused', 'transaction-not-allowed', KEY, 'operation')]: 1,
      'tezio_policy_denials_total{rule=transactions.destinations}': 1,
    },
  ],
  ...['spend-limit', 'rate-limit', 'outside-hours'].map((code): Case => [
    `a limit of a key, ${code}`,
    denied(code, { kind: 'operation' }),
    refusedRule(code, KEY, 'operation'),
  ]),
  [
    'a signature that does not verify',
    denied('signature-invalid', { syncMs: 4 }),
    {
      [requests('refused', 'signature-invalid')]: 1,
      ...reached,
      tezio_mark_sync_seconds_count: 1,
      tezio_mark_sync_seconds_sum: 0.004,
      tezio_signature_verify_failures_total: 1,
    },
  ],
  [
    'a board that does not answer in time',
    denied('device-timeout', { totalMs: 1500 }),
    { [requests('refused', 'device-timeout')]: 1, ...waited(2), ...took('attestation', 1500) },
  ],
  [
    'a full queue',
    denied('queue-full', { queueMs: 0, totalMs: 0.5 }),
    { [requests('refused', 'queue-full')]: 1, ...waited(0), ...took('attestation', 0.5) },
  ],
  [
    'a wait beyond the deadline',
    denied('deadline-passed', { queueMs: 4000, totalMs: 4000 }),
    { [requests('refused', 'deadline-passed')]: 1, ...waited(4000), ...took('attestation', 4000) },
  ],
  ...['device-watermark', 'device-policy', 'device-failed', 'device-refused'].map((code): Case => [
    `a board that says ${code}`,
    denied(code),
    { [requests('refused', code)]: 1, ...reached, ...deviceError(code) },
  ]),
  [
    'a board whose own mark forbids a repetition',
    denied('signature-lost'),
    { [requests('refused', 'signature-lost')]: 1, ...reached, ...deviceError('device-watermark') },
  ],
  [
    'a code that no list has',
    denied('a word of a client', { admitted: false }),
    { [requests('refused', 'unknown')]: 1 },
  ],
]

const LISTENER: readonly Case[] = [
  [
    'a handshake that failed',
    { event: 'tls.handshake-failed', peer: '127.0.0.1', reason: 'ERR_SSL_UNSUPPORTED_PROTOCOL' },
    {},
  ],
  [
    'a certificate near its end',
    { event: 'tls.certificate-expiring', expiresAt: '2026-09-01T00:00:00.000Z', reason: 'soon' },
    {},
  ],
  ['a foreign peer', refused('peer-not-allowed'), refusedRule('peer-not-allowed', 'unknown', 'unknown')],
  [
    'a body that is too large',
    refused('body-too-large'),
    { [requests('refused', 'body-too-large', 'unknown', 'unknown')]: 1 },
  ],
  ['a refusal by the admin listener', refused('peer-not-allowed', 'admin'), {}],
]

const LINK: readonly Case[] = [
  [
    'an answered command',
    finished('answered'),
    {
      'tezio_device_roundtrip_seconds_count{command=SIGN}': 1,
      'tezio_device_roundtrip_seconds_sum{command=SIGN}': 0.14,
    },
  ],
  ['an answered command that the driver does not send', finished('answered', 'FORMAT'), {}],
  ['a command without an answer', finished('device-timeout'), deviceError('device-timeout')],
  ['a damaged reply', finished('device-reply-damaged'), deviceError('device-reply-damaged')],
  ['a command that ends with its port', finished('device-lost'), {}],
  [
    'a lost port',
    { event: 'device.lost', device: 'board', path: '/dev/ttyACM0', reason: 'unplugged' },
    deviceError('device-lost'),
  ],
  [
    'a port that is not there',
    { event: 'device.open-failed', device: 'board', code: 'port-not-found', reason: 'none' },
    deviceError('port-not-found'),
  ],
  [
    'another board',
    { event: 'device.open-failed', device: 'board', code: 'wrong-device', reason: 'keys' },
    deviceError('wrong-device'),
  ],
  ['the first contact', ready, {}],
  ['the first contact of a second board', { ...ready, device: 'spare' }, {}, [ready]],
  [
    'a spare that takes over',
    { event: 'device.took-over', key: KEY, device: 'spare', instead: 'board', reason: 'device-lost' },
    { tezio_device_takeovers_total: 1 },
  ],
  ['a board that is found again', ready, { tezio_device_reconnects_total: 1 }, [ready]],
  ...(['idle', 'command', 'resync'] as const).map((reason): Case => [
    `noise while ${reason}`,
    { event: 'device.noise-discarded', device: 'board', bytes: 40, while: reason },
    { [`tezio_link_noise_total{reason=${reason}}`]: 1 },
  ]),
  [
    'a late reply',
    { event: 'device.late-reply-discarded', device: 'board', bytes: 69 },
    { tezio_late_replies_total: 1 },
  ],
]

const OTHERS: readonly Case[] = [
  [
    'an answer of an Ethereum job',
    {
      ...{ event: 'ethereum.decided', job: 'claim', outcome: 'refused', code: 'claim-exists' },
      ...{ requestId: 'r', clients: [], totalMs: 3 },
    },
    { 'tezio_ethereum_answers_total{code=claim-exists,job=claim,outcome=refused}': 1 },
  ],
  [
    'a journal that cannot be written',
    { event: 'journal.write-failed', reason: 'EIO' },
    { tezio_journal_errors_total: 1 },
  ],
  [
    'a hook that gives no answer',
    { event: 'hook.unavailable', key: KEY, code: 'not-signed', reason: 'x', onError: 'refuse' },
    { 'tezio_hook_errors_total{reason=not-signed}': 1 },
  ],
  ...(
    [
      { event: 'device.opened', device: 'board', path: '/dev/ttyACM0', simulated: false },
      { event: 'device.sync-lost', device: 'board', reason: 'no-reply' },
      { event: 'device.resynced', device: 'board', ms: 90 },
      { event: 'journal.torn-line-dropped', bytes: 9 },
      { event: 'journal.reopened' },
      { event: 'marks.unavailable', reason: 'no answer' },
      { event: 'marks.available' },
      { event: 'marks.went-back', reason: 'below' },
      { event: 'marks.connected', server: 'db:5432' },
      { event: 'marks.connection-lost', server: 'db:5432', reason: 'reset' },
      { event: 'dynamodb.asked-again', attempts: 2, waitedMs: 50 },
      { event: 'vault.unlocked' },
      { event: 'vault.not-unlocked', reason: 'no board' },
      { event: 'accounts.not-settled', reason: 'two keys' },
      { event: 'journal.rolled', marks: 3 },
      { event: 'signature.not-stored', key: KEY, reason: 'EIO' },
      { event: 'key.quarantined', key: KEY, reason: 'nonce' },
      { event: 'head.known', chain: CHAIN, head: 7 },
      { event: 'head.unknown', chain: CHAIN, reason: 'silent', onError: 'allow' },
      { event: 'hook.answered', key: KEY },
      {
        event: 'mark.suspected',
        chain: CHAIN,
        key: KEY,
        kind: 'block',
        markLevel: 1,
        head: 90,
        signsFrom: 93,
      },
      { event: 'config.reloaded', changed: ['chains'] },
      { event: 'config.reload-refused', reason: 'a typing error' },
    ] satisfies readonly BridgeEvent[]
  ).map((event): Case => [`${event.event}, which is told otherwise`, event, {}]),
]

/** Every event there is, at least once. */
export const CASES: readonly Case[] = [...DECISIONS, ...LISTENER, ...LINK, ...OTHERS]
