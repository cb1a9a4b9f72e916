import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  EthSigner,
  type EthCapability,
  type EthResult,
  type TransferRequest,
} from '../../src/eth-signer/index.js'
import { addressOfPublicKey } from '../../src/ethereum/index.js'
import { StateError } from '../../src/policy/index.js'
import { FailingFiles, filesIn } from '../policy/fixture.js'
import { Bench, failure, golden, goldenClaim, keyOf, payment, RULES, SIGNER, SOMEBODY } from './fixture.js'

const codeOf = (result: EthResult) => (result.outcome === 'signed' ? 'signed' : result.code)
const signatureOf = (result: EthResult) => (result.outcome === 'signed' ? result.signature : result.message)

describe('an answer that was given', () => {
  test('is given again, to the byte, without the device, and after a restart and rolls of the ledger', async () => {
    const bench = new Bench({ segmentBytes: 1 })
    const claim = await bench.claim()
    const paid = await bench.pay(payment(1), 'order-1')
    for (let nonce = 2; nonce < 12; nonce++) await bench.pay(payment(nonce))
    bench.restart()
    bench.device.notReady = failure(false)
    const asked = bench.device.asked.length
    expect(await bench.claim()).toEqual({ ...claim, repeated: true })
    expect(await bench.pay(payment(1))).toEqual({ ...paid, repeated: true })
    expect(await bench.pay(payment(1), 'order-1')).toEqual({ ...paid, repeated: true })
    expect(bench.device.asked).toHaveLength(asked)
    expect(filesIn(bench.directory).length).toBeGreaterThan(2)
    expect(bench.signer.claimOf(1n)).toMatchObject({ userAmount: '1000000000000000', signer: SIGNER })
    expect(bench.signer.claimOf(42n)).toBeUndefined()
  })

  test('by another key is not taken for one by this', async () => {
    const bench = new Bench()
    const first = await bench.claim()
    await bench.pay(payment(5))
    const secret = new Uint8Array(32).fill(7)
    bench.device.secret = secret
    bench.device.key = keyOf(secret)
    bench.address = addressOfPublicKey(keyOf(secret))
    bench.restart()
    const second = await bench.claim()
    expect(second).toMatchObject({ outcome: 'signed', repeated: false })
    expect(signatureOf(second)).not.toBe(signatureOf(first))
    expect(codeOf(await bench.claim({ ...goldenClaim(), userAddress: SOMEBODY }))).toBe('claim-exists')
    expect(codeOf(await bench.pay(payment(1)))).toBe('signed')
  })
})

describe('an attempt that failed', () => {
  test.each([
    ['surely never left the host, is as if it had not been', false, 'signed', 'signed'],
    ['may have been signed, keeps its place', true, 'claim-exists', 'nonce-used'],
  ] as const)('and %s', async (_, sent, claims, pays) => {
    const bench = new Bench()
    bench.device.fails = failure(sent)
    expect(codeOf(await bench.claim())).toBe('device-timeout')
    expect(codeOf(await bench.pay(payment(1), 'order-1'))).toBe('device-timeout')
    bench.device.fails = undefined
    bench.restart()
    expect(codeOf(await bench.claim({ ...goldenClaim(), userAddress: SOMEBODY }))).toBe(claims)
    expect(codeOf(await bench.pay(payment(1, { value: 5n })))).toBe(pays)
    expect(codeOf(await bench.pay(payment(2), 'order-1'))).toBe(sent ? 'idempotency-key-reused' : 'signed')
  })

  test('is made up for by asking the device again for the very same', async () => {
    const bench = new Bench()
    bench.device.fails = failure(true)
    await bench.claim()
    await bench.pay(payment(1), 'order-1')
    bench.device.fails = undefined
    bench.restart()
    expect(codeOf(await bench.claim())).toBe('signed')
    expect(codeOf(await bench.pay(payment(1)))).toBe('signed')
    const [claim, paid, ...again] = bench.device.asked
    expect(again).toEqual([claim, paid])
  })

  test('stays in its place when a second one surely never left the host', async () => {
    const bench = new Bench()
    bench.device.fails = failure(true)
    await bench.claim()
    await bench.pay(payment(1))
    bench.device.fails = failure(false)
    await bench.claim()
    await bench.pay(payment(1))
    bench.device.fails = undefined
    expect(codeOf(await bench.claim({ ...goldenClaim(), userAddress: SOMEBODY }))).toBe('claim-exists')
    expect(codeOf(await bench.pay(payment(1, { value: 5n })))).toBe('nonce-used')
  })

  test('a claim that replaces another one is not forgotten, whatever became of it', async () => {
    const { claims } = RULES
    if (claims === undefined) throw new Error('no rules')
    const bench = new Bench({ rules: { ...RULES, claims: { ...claims, reissue: 'allow' } } })
    await bench.claim()
    bench.device.fails = failure(false)
    await bench.claim({ ...goldenClaim(), userAddress: SOMEBODY })
    bench.device.fails = undefined
    bench.restart(RULES)
    expect(codeOf(await bench.claim({ ...goldenClaim(), userAddress: SOMEBODY }))).toBe('signed')
    expect(codeOf(await bench.claim())).toBe('claim-exists')
  })
})

describe('the device', () => {
  test.each([
    [
      'a signature of another key',
      (bench: Bench) => {
        bench.device.secret = new Uint8Array(32).fill(9)
      },
    ],
    [
      'noise',
      (bench: Bench) => {
        bench.device.change = () => new Uint8Array(64).fill(1)
      },
    ],
    [
      'too few bytes',
      (bench: Bench) => {
        bench.device.change = (signature) => signature.subarray(1)
      },
    ],
  ])('that answers with %s: nothing is released, and the place is kept', async (_, break_) => {
    const bench = new Bench()
    break_(bench)
    expect(codeOf(await bench.claim())).toBe('device-bad-signature')
    expect(codeOf(await bench.pay(payment(1)))).toBe('device-bad-signature')
    expect(codeOf(await bench.message('Log in: 1'))).toBe('device-bad-signature')
    expect(bench.signer.claimOf(1n)?.signature).toBeUndefined()
    expect(codeOf(await bench.pay(payment(1, { value: 5n })))).toBe('nonce-used')
  })

  test('that uses a nonce twice: the second signature is not released, not after a restart either', async () => {
    const bench = new Bench()
    bench.device.nonce = 12345n
    expect(codeOf(await bench.claim())).toBe('signed')
    bench.restart()
    expect(codeOf(await bench.message('Log in: 1'))).toBe('nonce-repeated')
    expect(codeOf(await bench.pay(payment(1)))).toBe('nonce-repeated')
  })

  test.each([
    ['none', 'device-capability-missing', 'device-capability-missing'],
    ['grind', 'device-capability-missing', 'signed'],
    ['eth', 'signed', 'signed'],
    ['digest', 'signed', 'signed'],
    [undefined, 'device-unavailable', 'device-unavailable'],
  ] as const)(
    'that can do %s: claims %s, payments %s',
    async (can: EthCapability | undefined, claims, pays) => {
      const bench = new Bench()
      bench.device.can = can
      expect(codeOf(await bench.claim())).toBe(claims)
      expect(codeOf(await bench.message('Log in: 1'))).toBe(claims)
      expect(codeOf(await bench.pay(payment(1)))).toBe(pays)
      if (claims === 'signed') return
      expect(bench.signer.claimOf(1n)).toBeUndefined()
    },
  )

  test('with stock firmware is given the golden transaction with the golden gas limit, once', async () => {
    const bench = new Bench({
      rules: { ...RULES, transfers: RULES.transfers && { ...RULES.transfers, maxFeeWei: 10n ** 18n } },
    })
    bench.device.can = 'grind'
    const request: TransferRequest = {
      type: 'eip1559',
      ...{ chainId: 1n, nonce: 7n, to: SOMEBODY, value: 10n ** 18n, gasLimit: undefined, replace: false },
      ...{ maxPriorityFeePerGas: 2_000_000_000n, maxFeePerGas: 100_000_000_000n },
    }
    const result = await bench.pay(request)
    if (result.outcome !== 'signed') throw new Error(result.message)
    expect(result.transaction.gasLimit).toBe(21_799n)
    expect(result.digest).toBe(golden.grind_gaslimit_example.digest)
    bench.device.can = 'digest'
    expect(await bench.pay(request)).toEqual({ ...result, repeated: true })
    expect(bench.device.asked).toHaveLength(1)
  })

  test('with stock firmware does not raise the fee above what is allowed', async () => {
    const bench = new Bench()
    bench.device.can = 'grind'
    const most = (5n * 10n ** 15n) / 21_000n
    expect(codeOf(await bench.pay(payment(1, { gasPrice: most })))).toBe('fee-too-high')
    expect(bench.device.asked).toEqual([])
  })

  test('that is not ready takes no place', async () => {
    const bench = new Bench()
    bench.device.notReady = failure(false)
    expect(codeOf(await bench.claim())).toBe('device-timeout')
    expect(codeOf(await bench.pay(payment(1)))).toBe('device-timeout')
    bench.device.notReady = undefined
    expect(codeOf(await bench.pay(payment(1, { value: 5n })))).toBe('signed')
  })
})

describe('an idempotency key', () => {
  test('stands for one payment, also where it came later than the payment', async () => {
    const bench = new Bench()
    const first = await bench.pay(payment(1), 'order-1')
    expect(await bench.pay(payment(1), 'order-1')).toEqual({ ...first, repeated: true })
    expect(codeOf(await bench.pay(payment(2), 'order-1'))).toBe('idempotency-key-reused')
    expect(await bench.pay(payment(1), 'order-2')).toEqual({ ...first, repeated: true })
    bench.restart()
    expect(codeOf(await bench.pay(payment(2), 'order-2'))).toBe('idempotency-key-reused')
    expect(codeOf(await bench.pay(payment(2), 'order-3'))).toBe('signed')
  })

  test.each(['', ' ', 'a b', 'ü', 'x'.repeat(129)])('"%s" is none', async (key) => {
    expect(codeOf(await new Bench().pay(payment(1), key))).toBe('malformed-request')
  })
})

describe('time', () => {
  test('that goes back stops payments, not answers, claims or messages', async () => {
    const bench = new Bench()
    const paid = await bench.pay(payment(1))
    bench.later(-11 / 3600)
    bench.restart()
    expect(await bench.pay(payment(2))).toMatchObject({ code: 'clock-went-back', rule: 'E7' })
    expect(await bench.pay(payment(1))).toEqual({ ...paid, repeated: true })
    expect(codeOf(await bench.claim())).toBe('signed')
    bench.later(2 / 3600)
    expect(codeOf(await bench.pay(payment(2)))).toBe('signed')
  })

  test('is known from the ledger even when all that was written then is forgotten', () => {
    const bench = new Bench({ segmentBytes: 1 })
    bench.ledger.keepNonce('abcdefghijklmnop', bench.now, bench.now)
    const newest = bench.ledger.newestAt
    bench.later(-1)
    for (let other = 0; other < 9; other++) {
      bench.ledger.keepNonce(`abcdefghijklmnop${other}`, bench.now, bench.now)
    }
    bench.restart()
    expect(bench.ledger.newestAt).toBe(newest)
  })

  test('that goes on frees a window, and forgets payments that no window can need, but not the last nonce', async () => {
    const bench = new Bench({ segmentBytes: 1 })
    for (const nonce of [1, 2])
      expect(codeOf(await bench.pay(payment(nonce, { value: 10n ** 18n })))).toBe('signed')
    expect(codeOf(await bench.pay(payment(3, { value: 10n ** 18n })))).toBe('spend-limit')
    bench.later(24)
    expect(codeOf(await bench.pay(payment(3, { value: 10n ** 18n })))).toBe('signed')
    bench.later(745)
    await bench.pay({
      ...payment(9),
      type: 'eip1559',
      chainId: 5n,
      maxFeePerGas: 9n,
      maxPriorityFeePerGas: 1n,
    } as never)
    bench.ledger.keepNonce('abcdefghijklmnop', bench.now, bench.now)
    for (let other = 0; other < 5; other++)
      bench.ledger.keepNonce(`abcdefghijklmnop${other}`, bench.now, bench.now)
    bench.restart()
    const kept = [...bench.ledger.transfers()].map(
      ({ transaction: { chainId, nonce } }) => `${chainId}/${nonce}`,
    )
    expect(kept).toEqual(['1/3', '5/9'])
    expect(codeOf(await bench.pay(payment(3)))).toBe('nonce-used')
    expect(codeOf(await bench.pay(payment(2)))).toBe('nonce-used')
  })

  test('counts what is asked again when it is asked again', async () => {
    const bench = new Bench()
    bench.device.fails = failure(true)
    await bench.pay(payment(1, { value: 10n ** 18n }))
    bench.device.fails = undefined
    bench.later(25)
    for (const nonce of [2, 3]) await bench.pay(payment(nonce, { value: 10n ** 18n }))
    expect(codeOf(await bench.pay(payment(1, { value: 10n ** 18n })))).toBe('spend-limit')
    bench.later(25)
    expect(codeOf(await bench.pay(payment(1, { value: 10n ** 18n })))).toBe('signed')
    for (const nonce of [4]) await bench.pay(payment(nonce, { value: 10n ** 18n }))
    expect(codeOf(await bench.pay(payment(5, { value: 10n ** 18n })))).toBe('spend-limit')
  })
})

describe('one at a time', () => {
  test('a second one waits, and is judged by what the first one did', async () => {
    const bench = new Bench()
    const both = await Promise.all([bench.pay(payment(1)), bench.pay(payment(1, { value: 5n }))])
    expect(both.map(codeOf)).toEqual(['signed', 'nonce-used'])
    const claims = await Promise.all([
      bench.claim(),
      bench.claim({ ...goldenClaim(), userAddress: SOMEBODY }),
    ])
    expect(claims.map(codeOf)).toEqual(['signed', 'claim-exists'])
  })

  test('a hundred wait, one more is turned away, and a stop turns all of them away', async () => {
    const bench = new Bench()
    let go: () => void = () => undefined
    bench.device.onSign = () =>
      new Promise<void>((resolve) => {
        go = resolve
      })
    const all = Array.from({ length: 102 }, (_, at) => bench.message(`Log in: ${at}`))
    expect(codeOf((await all.at(-1)) ?? (await bench.claim()))).toBe('queue-full')
    const closed = bench.signer.close()
    go()
    await closed
    const codes = (await Promise.all(all)).map(codeOf)
    expect(codes.slice(0, 2)).toEqual(['signed', 'shutting-down'])
    expect(codes.filter((code) => code === 'shutting-down')).toHaveLength(100)
    expect(codeOf(await bench.claim())).toBe('shutting-down')
  })

  test('whose deadline has passed takes no place', async () => {
    const bench = new Bench()
    const late = { deadlineAt: bench.clock.now(), signal: undefined, requestId: 'late' }
    expect(codeOf(await bench.signer.claim(goldenClaim(), late))).toBe('deadline-passed')
    expect(bench.signer.claimOf(1n)).toBeUndefined()
  })
})

describe('the ledger', () => {
  test.each(['writeSync', 'fdatasyncSync'] as const)(
    'that cannot be written (%s) keeps the device from being asked',
    async (operation) => {
      const failing = new FailingFiles()
      const bench = new Bench({ files: failing.files })
      failing.operation = operation
      for (const result of [await bench.claim(), await bench.pay(payment(1))]) {
        expect(result).toMatchObject({ outcome: 'refused', code: 'state-write-failed' })
      }
      expect(bench.device.asked).toEqual([])
      failing.operation = undefined
      expect(codeOf(await bench.claim())).toBe('signed')
    },
  )

  test('says so before the device hears of anything', async () => {
    const bench = new Bench()
    const types: string[] = []
    bench.device.onSign = () => {
      const text = readFileSync(join(bench.directory, 'ethereum.journal'), 'utf8')
      types.push(/.*"type":"([a-z-]+)".*\n$/.exec(text)?.[1] ?? '')
    }
    await bench.pay(payment(1))
    await bench.claim()
    expect(types).toEqual(['transfer', 'claim'])
  })

  test('that was closed lets nothing through', () => {
    const bench = new Bench()
    bench.ledger.close()
    expect(() => {
      bench.ledger.check()
    }).toThrow(StateError)
  })
})

test('the audit line has the digest and no more of what was signed', async () => {
  const bench = new Bench()
  const result = await bench.pay(payment(1))
  await bench.pay(payment(1, { value: 2n }))
  const [signed, refused] = bench.events
  expect(signed).toEqual({
    ...{ event: 'eth.signed', requestId: 'r1', kind: 'transfer', repeated: false, ms: 0 },
    digest: result.outcome === 'signed' ? result.digest.slice(2, 10) : '',
  })
  expect(Object.keys(refused ?? {}).sort()).toEqual([
    'code',
    'event',
    'kind',
    'ms',
    'reason',
    'requestId',
    'rule',
  ])
})

test('what is not configured is not signed', async () => {
  const bench = new Bench({
    rules: { claims: undefined, transfers: undefined, typedData: [], messagePrefixes: [] },
  })
  expect(codeOf(await bench.claim())).toBe('not-configured')
  expect(codeOf(await bench.pay(payment(1)))).toBe('not-configured')
  expect(codeOf(await bench.message('Log in: 1'))).toBe('message-not-allowed')
  expect(bench.signer).toBeInstanceOf(EthSigner)
})
