import fc from 'fast-check'
import { expect, test } from 'vitest'
import { testKey } from './fixture.js'
import { BOARD_MS, PATIENCE_MS, QUIET_MS, type Ending, type TwinKey } from './twin-boards.js'
import { Judge } from './two-devices-judge.js'

/** Two keys that both boards hold, in either order, and one that only the left one is asked for. */
const KEYS: readonly TwinKey[] = [
  { key: testKey('p256'), boards: ['left', 'right'] },
  { key: testKey('ed25519', 0x22), boards: ['right', 'left'], rules: { perMinute: 6 } },
  { key: testKey('secp256k1', 0x33), boards: ['left'] },
]
const [BOTH, TURNED, ALONE] = KEYS

const FAILURES = [
  ...([
    'device-lost',
    'device-timeout',
    'device-reply-damaged',
    'device-watermark',
    'device-policy',
  ] as const),
  ...(['device-failed', 'device-refused', 'wrong-device', 'device-busy', 'wrong-signature'] as const),
] satisfies Ending[]

const side = fc.constantFrom('left' as const, 'right' as const)

const of = fc.constantFrom(BOTH!, BOTH!, BOTH!, TURNED!, TURNED!, ALONE!)

const patienceMs = fc.constantFrom(PATIENCE_MS, PATIENCE_MS, 300)

const wish = fc.record({
  of,
  isBlock: fc.boolean(),
  ahead: fc.constantFrom(0, 0, 0, 1, 1, -1),
  round: fc.constantFrom(0, 0, 1),
  variant: fc.constantFrom(0, 0, 1),
})

const ending: fc.Arbitrary<Ending> = fc.oneof(
  { weight: 12, arbitrary: fc.constant('signed' as const) },
  { weight: 12, arbitrary: fc.constantFrom(...FAILURES) },
  { weight: 1, arbitrary: fc.constant('old-nonce' as const) },
)

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      ...{ do: fc.constant('ask' as const), patienceMs },
      wishes: fc.array(wish, { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('ask again' as const), of, patienceMs }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('end' as const), side, how: ending }) },
  {
    weight: 3,
    arbitrary: fc.record({
      ...{ do: fc.constant('become' as const), side },
      state: fc.constantFrom('up' as const, 'up' as const, 'away' as const, 'syncing' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 50, 900, BOARD_MS, PATIENCE_MS, QUIET_MS - 1, QUIET_MS),
    }),
  },
)

type Step = typeof step extends fc.Arbitrary<infer One> ? One : never

async function run(judge: Judge, one: Step): Promise<void> {
  if (one.do === 'ask') for (const each of one.wishes) judge.ask(each, one.patienceMs)
  else if (one.do === 'ask again') judge.askAgain(one.of, one.patienceMs)
  else if (one.do === 'end') judge.bench[one.side].work?.end(one.how)
  else if (one.do === 'become') judge.become(one.side, one.state)
  else await judge.pass(one.ms)
  await judge.look()
}

/** The end of the bridge: what is in hand is finished. */
async function close(judge: Judge): Promise<void> {
  const { bench } = judge
  const closed = bench.signer.close()
  for (const board of [bench.left, bench.right]) {
    board.work?.end('signed')
    board.become('away')
  }
  await closed
  await judge.look()
  bench.store.close()
}

test('whatever two boards with one key do, one payload goes out for each place, and one signature of it, in time, and while a board is there it is used', async () => {
  const seen = { released: 0, byBoth: 0, takenOver: 0 }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 50, size: 'max' }), async (steps) => {
      const judge = new Judge(KEYS)
      for (const one of steps) await run(judge, one)
      await close(judge)
      judge.readLogs()
      expect(judge.broken).toEqual([])
      const { released, byBoth, unanswered } = judge.counts
      expect(unanswered).toBe(0)
      expect(judge.bench.clock.timers).toBe(0)
      seen.released += released
      seen.byBoth += byBoth
      seen.takenOver += judge.bench.events.filter(({ event }) => event === 'device.took-over').length
    }),
    { numRuns: 200 },
  )
  // the histories came to what they are for
  expect(seen.released).toBeGreaterThan(150)
  expect(seen.byBoth).toBeGreaterThan(5)
  expect(seen.takenOver).toBeGreaterThan(100)
}, 120_000)
