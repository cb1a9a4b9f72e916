import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parsePublicKeyHash, type PublicKeyHash } from '../../src/tezos/index.js'
import { Telemetry, type BridgeEvent } from '../../src/telemetry/index.js'
import { REFUSAL_CODES } from '../../src/server/index.js'
import { DEVICE_ERRORS, HOOK_FAULTS, KINDS, RULE_LABELS } from '../../src/telemetry/labels.js'
import { monotonicClock } from '../../src/clock.js'
import { CHAIN, decided, KEY, mark, NOW, OTHER_KEY, sources } from './metrics-fixture.js'
import { samplesOf } from './exposition.js'

/** Series of our own without any event, and what a kind, a key and a code may add to them; docs/metrics.md tells it. */
const MOST_SERIES = 2000

const words = ['unknown', ...REFUSAL_CODES]
const keys: readonly string[] = ['unknown', KEY, OTHER_KEY]
const kinds = ['unknown', ...KINDS]

/** Every label of our own, with the values that it may have. */
const ALLOWED: Readonly<Record<string, readonly string[] | RegExp>> = {
  key: keys,
  kind: kinds,
  outcome: ['signed', 'repeated', 'refused'],
  code: ['', ...words, ...DEVICE_ERRORS],
  rule: RULE_LABELS.concat('unknown'),
  reason: ['idle', 'command', 'resync', ...HOOK_FAULTS],
  command: ['SIGN', 'GET_PK', 'VERIFY'],
  chain: [CHAIN],
  version: ['1.2.3'],
  node: [process.version],
  device: ['board'],
  le: /^(?:[\d.]+|\+Inf)$/,
}

const anyText = fc.oneof(fc.string(), fc.constantFrom('"', '\n', '\\', '{}', 'attestation', ...REFUSAL_CODES))
const anyKey = fc.oneof(
  fc.constantFrom(KEY, OTHER_KEY),
  anyText.map((text) => text as PublicKeyHash),
)
const anyMs = fc.double({ min: 0, max: 1e7, noNaN: true })

const anyDecision = fc
  .record({
    key: anyKey,
    ...{ kind: anyText, code: anyText, reason: anyText, requestId: anyText, digest: anyText },
    outcome: fc.constantFrom('signed' as const, 'repeated' as const, 'refused' as const),
    admitted: fc.boolean(),
    verdict: fc.constantFrom('advance' as const, 'repeat' as const, 'deny' as const),
    chain: anyText,
    ...{ level: fc.nat(), parseMs: anyMs, policyMs: anyMs },
    ...{ queueMs: anyMs, syncMs: anyMs, deviceMs: anyMs, verifyMs: anyMs, totalMs: anyMs },
  })
  .map((rest) => decided(rest))

const deviceError = fc.constantFrom(...DEVICE_ERRORS)
const anyOther = fc.oneof(
  fc.record({
    event: fc.constant('request.refused'),
    listener: fc.constantFrom('signer', 'admin'),
    requestId: anyText,
    code: anyText,
    reason: anyText,
    peer: anyText,
  }),
  fc.record({
    event: fc.constant('device.command-finished'),
    command: anyText,
    outcome: fc.oneof(fc.constant('answered'), deviceError),
    ms: anyMs,
  }),
  fc.record({ event: fc.constant('device.open-failed'), code: deviceError, reason: anyText }),
  fc.record({
    event: fc.constantFrom('device.lost', 'device.ready', 'device.opened'),
    path: anyText,
    reason: anyText,
    ms: anyMs,
    simulated: fc.boolean(),
  }),
  fc.record({
    event: fc.constant('hook.unavailable'),
    key: anyKey,
    code: fc.constantFrom(...HOOK_FAULTS),
    reason: anyText,
  }),
  fc.record({
    event: fc.constantFrom('device.noise-discarded'),
    bytes: fc.nat(),
    while: fc.constantFrom('idle', 'command', 'resync'),
  }),
  fc.record({
    event: fc.constantFrom('device.late-reply-discarded', 'device.resynced', 'journal.reopened'),
    bytes: fc.nat(),
    ms: anyMs,
  }),
  fc.record({
    event: fc.constantFrom(
      'journal.write-failed',
      'signature.not-stored',
      'key.quarantined',
      'head.unknown',
      'config.reload-refused',
    ),
    reason: anyText,
    key: anyKey,
    chain: fc.constant(CHAIN),
  }),
)

const anyEvent = fc.oneof(
  { weight: 3, arbitrary: anyDecision },
  { weight: 2, arbitrary: anyOther.map((event) => event as BridgeEvent) },
)

const anyMark = fc
  .record({ key: anyKey, level: fc.nat(), round: fc.nat() })
  .map(({ key, level, round }) => mark({ key, level, round }))

function isAllowed(label: string, value: string): boolean {
  const allowed = ALLOWED[label]
  return allowed instanceof RegExp ? allowed.test(value) : allowed?.includes(value) === true
}

/** Labels of our own metrics with a value that is not allowed. */
function strays(text: string): readonly string[] {
  return samplesOf(text)
    .filter(({ name }) => name.startsWith('tezio_'))
    .flatMap(({ name, labels }) => Object.entries(labels).map(([label, value]) => ({ name, label, value })))
    .filter(({ label, value }) => !isAllowed(label, value))
    .map(({ name, label, value }) => `${name} ${label}=${value}`)
}

test(
  'whatever happens, labels come from closed lists and the number of series stays below its bound',
  { timeout: 60_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEvent, { maxLength: 60 }),
        fc.array(anyMark, { maxLength: 5 }),
        async (events, marks) => {
          const made = new Telemetry({
            version: '1.2.3',
            keys: [KEY, OTHER_KEY],
            clock: monotonicClock,
            wallClock: () => NOW,
          })
          made.attach(sources({ marks: () => marks }))
          for (const event of events) made.observe(event)
          const { text } = await made.metrics()
          expect(strays(text)).toEqual([])
          expect(samplesOf(text).length).toBeLessThan(MOST_SERIES)
        },
      ),
      { numRuns: 100 },
    )
  },
)

test('every key, kind, outcome and code at once stays below the bound', async () => {
  const made = new Telemetry({
    version: '1.2.3',
    keys: [KEY, OTHER_KEY],
    clock: monotonicClock,
    wallClock: () => NOW,
  })
  made.attach(sources({ marks: () => [mark()] }))
  const stranger = parsePublicKeyHash('tz2F8DfsecohZ6QuBk2tPc2svRRgpN3hg9Vx')
  for (const key of [KEY, OTHER_KEY, stranger ?? KEY]) {
    for (const kind of [...KINDS, 'another']) {
      made.observe(decided({ key, kind }))
      made.observe(decided({ key, kind, outcome: 'repeated' }))
      for (const code of [...REFUSAL_CODES, 'another'])
        made.observe(decided({ key, kind, outcome: 'refused', code }))
    }
  }
  const { text } = await made.metrics()
  const count = samplesOf(text).length
  expect(count).toBeGreaterThan(3 * 6 * REFUSAL_CODES.length)
  expect(count).toBeLessThan(MOST_SERIES)
  expect(strays(text)).toEqual([])
})

test('a label that is not allowed is found', () => {
  expect(strays('tezio_requests_total{key="tz1a",kind="block"} 1\n')).toEqual([
    'tezio_requests_total key=tz1a',
  ])
  expect(strays('tezio_x{peer="10.0.0.1"} 1\n')).toEqual(['tezio_x peer=10.0.0.1'])
})
