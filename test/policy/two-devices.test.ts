import { describe, expect, test } from 'vitest'
import type { KeyRules } from '../../src/policy/index.js'
import { concatBytes, encodeSignature, publicKeyHashBytes } from '../../src/tezos/index.js'
import { block, operation, TRANSACTION, vote } from '../tezos/build-payload.js'
import { settle } from './coming-device.js'
import { signWith, testKey } from './fixture.js'
import { configuredKey, KEY, own } from './limits-bench.js'
import { AUTHENTICATION, codeOf, QUIET_MS, TwinBench, type TwinKey } from './twin-boards.js'

const P256 = testKey('p256')

/** A key of both boards, the left one preferred. */
function twin(rules: Partial<KeyRules> = {}): TwinKey {
  return { key: P256, boards: ['left', 'right'], rules }
}

const BAKER = twin()

/** One of many payloads for one level and round. */
const variant = (index: number, level = 1000) => block({ level, predecessorRound: -1 - index })

/** Operations that differ. */
const transfer = (index: number) => operation(TRANSACTION).with(1, index)

const MUTEZ_407 = own('octez-codec transaction-to')

/** The board is at this payload now. */
const atWork = (bench: TwinBench, board: 'left' | 'right') => bench[board].work?.payload

/**
 * Two requests in two lines: the first is at the right board, for the left one had a fault, and the second comes when
 * that is forgotten.
 */
async function overBothLines(bench: TwinBench, first: Uint8Array, second: Uint8Array) {
  await bench.serve(BAKER, vote({ tag: 0x14, level: 1000 }), 'left', 'device-failed')
  bench.clock.advance(QUIET_MS - 1)
  const one = bench.ask(BAKER, first)
  await settle()
  expect(atWork(bench, 'right')).toEqual(first)
  bench.clock.advance(1)
  const other = bench.ask(BAKER, second)
  await settle()
  return { one, other }
}

/** Keeps both boards from saying that they are ready until `letGo`, so that two requests are at the same step. */
function holdReadiness(bench: TwinBench) {
  let letGo = () => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  for (const board of [bench.left, bench.right]) {
    Object.assign(board, { ready: () => held })
  }
  return () => {
    letGo()
  }
}

describe('rules that count, over the lines of two boards', () => {
  test('per_minute counts what either board was asked for, and what failed too', async () => {
    const bench = new TwinBench([twin({ perMinute: 3 })])
    expect(await bench.serve(BAKER, transfer(1), 'left', 'device-failed')).toBe('device-failed')
    expect(await bench.serve(BAKER, transfer(2), 'right', 'device-failed')).toBe('device-failed')
    expect(await bench.serve(BAKER, transfer(3), 'left', 'signed')).toBe('signed')
    expect(codeOf(await bench.ask(BAKER, transfer(4)))).toBe('rate-limit')
    expect([bench.left.log.length, bench.right.log.length]).toEqual([2, 1])
    bench.clock.advance(QUIET_MS)
    expect(await bench.serve(BAKER, transfer(4), 'left', 'signed')).toBe('signed')
    bench.store.close()
  })

  test('per_minute holds to the last one where two come to both boards in one moment', async () => {
    const bench = new TwinBench([twin({ perMinute: 1 })])
    await bench.serve(BAKER, transfer(1), 'left', 'device-failed')
    bench.clock.advance(QUIET_MS - 1)
    const letGo = holdReadiness(bench)
    const first = bench.ask(BAKER, transfer(2), { deadlineAt: Infinity })
    await settle()
    bench.clock.advance(1)
    const second = bench.ask(BAKER, transfer(3), { deadlineAt: Infinity })
    await settle()
    letGo()
    await settle()
    expect([atWork(bench, 'left'), atWork(bench, 'right')]).toEqual([undefined, transfer(2)])
    await bench.end('right', 'signed')
    expect([codeOf(await first), codeOf(await second)]).toEqual(['signed', 'rate-limit'])
    bench.store.close()
  })

  test('a spend window counts a payload once, whichever board failed at it or signs it', async () => {
    const { transactions } = configuredKey(
      `allowed_ops: [0x03]\ntransactions: { spend_windows: { hours: 24, max_mutez: ${2 * 407} } }\n`,
    )
    const wallet: TwinKey = { key: KEY, boards: ['left', 'right'], rules: { transactions } }
    const [one, two, three] = [1, 2, 3].map((index) => MUTEZ_407.with(1, index))
    const bench = new TwinBench([wallet])
    expect(await bench.serve(wallet, one!, 'left', 'device-timeout')).toBe('device-timeout')
    expect(await bench.serve(wallet, one!, 'right', 'signed')).toBe('signed')
    expect(await bench.serve(wallet, two!, 'right', 'device-timeout')).toBe('device-timeout')
    expect(codeOf(await bench.ask(wallet, three!))).toBe('spend-limit')
    expect(await bench.serve(wallet, two!, 'left', 'signed')).toBe('signed')
    expect(bench.store.spends()).toHaveLength(2)
    bench.store.close()
  })
})

describe('one payload, asked for twice at once', () => {
  test.each([
    'device-lost',
    'device-timeout',
    'device-reply-damaged',
    'device-failed',
    'device-refused',
    'device-watermark',
    'wrong-device',
    'wrong-signature',
  ] as const)(
    'while the first board ends with %s is signed by the spare, and the answers agree',
    async (how) => {
      const bench = new TwinBench([BAKER])
      const asked = [block(), block(), variant(1)].map((payload) => bench.ask(BAKER, payload))
      await settle()
      await bench.end('left', how)
      expect(atWork(bench, 'right')).toEqual(block())
      await bench.end('right', 'signed')
      const [first, second, other] = await Promise.all(asked)
      expect(codeOf(first!)).toBe(how === 'wrong-signature' ? 'signature-invalid' : how)
      expect(second).toMatchObject({ outcome: 'signed', repeated: false })
      expect(codeOf(other!)).toBe('conflicts-with-mark')
      expect(await bench.ask(BAKER, block())).toEqual({ ...second, repeated: true })
      expect(bench.log.map(({ payload }) => payload)).toEqual([block(), block()])
      bench.store.close()
    },
  )

  test('over both lines is asked of one board, and both get its signature', async () => {
    const bench = new TwinBench([BAKER])
    const { one, other } = await overBothLines(bench, block(), block())
    expect(atWork(bench, 'left')).toBeUndefined()
    await bench.end('right', 'signed')
    expect(await other).toEqual({ ...(await one), repeated: true })
    expect([bench.left.log.length, bench.right.log.length]).toEqual([1, 1])
    bench.store.close()
  })

  test('over both lines goes to the other board when the first fails', async () => {
    const bench = new TwinBench([BAKER])
    const { one, other } = await overBothLines(bench, block(), block())
    await bench.end('right', 'device-timeout')
    expect(codeOf(await one)).toBe('device-timeout')
    await bench.end('left', 'signed')
    expect(await bench.ask(BAKER, block())).toEqual({ ...(await other), repeated: true })
    bench.store.close()
  })
})

describe('one place, over both boards', () => {
  test('a payload whose signature was lost is signed by the spare, and never another one', async () => {
    const bench = new TwinBench([BAKER])
    bench.right.become('away')
    expect(await bench.serve(BAKER, block(), 'left', 'device-timeout')).toBe('device-timeout')
    // the board kept its mark: it signed, and says so
    expect(await bench.serve(BAKER, block(), 'left', 'device-watermark')).toBe('signature-lost')
    bench.right.become('up')
    expect(codeOf(await bench.ask(BAKER, variant(1)))).toBe('conflicts-with-mark')
    expect(await bench.serve(BAKER, block(), 'right', 'signed')).toBe('signed')
    expect(codeOf(await bench.ask(BAKER, variant(1)))).toBe('conflicts-with-mark')
    expect(bench.log.map(({ payload }) => payload)).toEqual([block(), block(), block()])
    bench.store.close()
  })

  test('of payloads that come to both lines in one moment one goes out, to one board', async () => {
    const bench = new TwinBench([BAKER])
    await bench.serve(BAKER, vote({ tag: 0x14 }), 'left', 'device-failed')
    bench.clock.advance(QUIET_MS - 1)
    const letGo = holdReadiness(bench)
    const first = bench.ask(BAKER, variant(1), { deadlineAt: Infinity })
    await settle()
    bench.clock.advance(1)
    const second = bench.ask(BAKER, variant(2), { deadlineAt: Infinity })
    await settle()
    letGo()
    await settle()
    expect([atWork(bench, 'left'), atWork(bench, 'right')]).toEqual([undefined, variant(1)])
    await bench.end('right', 'device-timeout')
    expect([codeOf(await first), codeOf(await second)]).toEqual(['device-timeout', 'conflicts-with-mark'])
    expect(bench.left.log).toHaveLength(1)
    bench.store.close()
  })

  test('what a board is asked for has its mark before, at the spare as at the preferred one', async () => {
    const bench = new TwinBench([BAKER])
    for (const [board, level] of [
      ['left', 1000],
      ['right', 1001],
    ] as const) {
      const result = bench.ask(BAKER, variant(0, level))
      await settle()
      expect(atWork(bench, board)).toEqual(variant(0, level))
      expect(bench.store.marks().find(({ kind }) => kind === 'block')).toMatchObject({ level, round: 2 })
      expect(codeOf(await bench.ask(BAKER, variant(1, level)))).toBe('conflicts-with-mark')
      await bench.end(board, 'device-failed')
      expect(codeOf(await result)).toBe('device-failed')
    }
    bench.store.close()
  })
})

describe('boards that verify who asks', () => {
  const proven = twin({ requiresAuthentication: true })
  const signed = (payload: Uint8Array) => {
    const message = concatBytes(Uint8Array.of(0x04, 0x01), publicKeyHashBytes(P256.hash), payload)
    return { authentication: encodeSignature('p256', signWith(AUTHENTICATION, message)) }
  }
  const start = () =>
    new TwinBench([proven], { authentication: { keys: [], deviceClient: AUTHENTICATION.hash } })

  test('one that fails gives nothing out, and the spare verifies and signs the next', async () => {
    const bench = start()
    bench.left.verifyFailure = 'device-timeout'
    expect(codeOf(await bench.ask(proven, block(), signed(block())))).toBe('device-timeout')
    expect(bench.store.marks().map(({ level }) => level)).toEqual([999, 999, 999])
    const forged = await bench.ask(proven, block(), signed(variant(1)))
    expect(codeOf(forged)).toBe('authentication-invalid')
    const second = bench.ask(proven, block(), signed(block()))
    await settle()
    await bench.end('right', 'signed')
    expect(codeOf(await second)).toBe('signed')
    expect([bench.left.verified, bench.right.verified]).toEqual([1, 2])
    expect(bench.left.log).toHaveLength(0)
    // not even what is stored is told without a yes
    expect(codeOf(await bench.ask(proven, block(), signed(variant(1))))).toBe('authentication-invalid')
    expect(bench.events.filter(({ event }) => event === 'device.took-over')).toMatchObject([
      { key: AUTHENTICATION.hash, device: 'right', instead: 'left', reason: 'device-timeout' },
      { key: P256.hash, device: 'right', instead: 'left', reason: 'device-timeout' },
    ])
    bench.store.close()
  })

  test('one that is away costs nothing: the other one verifies the same request', async () => {
    const bench = start()
    bench.left.become('away')
    const result = bench.ask(proven, block(), signed(block()))
    await settle()
    await bench.end('right', 'signed')
    expect(codeOf(await result)).toBe('signed')
    expect([bench.left.verified, bench.right.verified]).toEqual([0, 1])
    bench.store.close()
  })
})

test('at the end those in hand at both boards are finished, and whoever waits in either line is turned away', async () => {
  const other: TwinKey = { key: testKey('ed25519', 0x22), boards: ['right', 'left'] }
  const bench = new TwinBench([BAKER, other])
  const ask = (level: number) => [BAKER, other].map((of) => bench.ask(of, variant(0, level)))
  const inHand = ask(1000)
  const waiting = [...ask(1001), ...ask(1002)]
  await settle()
  expect(bench.signer.waiting).toBe(4)
  let isClosed = false
  const closed = bench.signer.close().then(() => (isClosed = true))
  expect((await Promise.all(waiting)).map(codeOf)).toEqual(waiting.map(() => 'shutting-down'))
  expect((await Promise.all(ask(1003))).map(codeOf)).toEqual(['shutting-down', 'shutting-down'])
  await bench.end('left', 'signed')
  expect(isClosed).toBe(false)
  await bench.end('right', 'signed')
  await closed
  expect((await Promise.all(inHand)).map(codeOf)).toEqual(['signed', 'signed'])
  const blocks = bench.store.marks().filter(({ kind }) => kind === 'block')
  expect(blocks.map(({ level, signature }) => [level, signature?.length])).toEqual([
    [1000, 128],
    [1000, 128],
  ])
  expect(bench.log).toHaveLength(2)
  expect(bench.clock.timers).toBe(0)
  bench.store.close()
})
