import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { EthResult, TransferRequest } from '../../src/eth-signer/index.js'
import { Bench, failure, goldenClaim, payment, RULES, SOMEBODY, START } from './fixture.js'

const codeOf = (result: EthResult) => (result.outcome === 'signed' ? 'signed' : result.code)

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

  test('is known from the ledger even when nothing that was written then is left in it', async () => {
    const bench = new Bench({ segmentBytes: 1 })
    bench.later(5)
    bench.device.fails = failure(false)
    await bench.claim()
    bench.device.fails = undefined
    bench.later(-5)
    for (const index of [0, 1]) await bench.claim(goldenClaim(index))
    const newest = bench.ledger.newestAt
    bench.restart()
    expect(bench.ledger.newestAt).toBe(newest)
    expect(newest).toBe(START.getTime() + 5 * 3_600_000)
    expect(readFileSync(join(bench.directory, 'ethereum.journal'), 'utf8')).not.toContain('claim-released')
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

describe('a window', () => {
  const { transfers } = RULES
  if (transfers === undefined) throw new Error('no rules')
  const small = (maxWei: bigint, gasLimit = 21_000n) =>
    new Bench({
      rules: {
        ...RULES,
        transfers: {
          ...transfers,
          destinations: [{ address: SOMEBODY, gasLimit }],
          windows: [{ hours: 24, maxWei }],
        },
      },
    })
  const wei = (value: bigint, gasLimit: bigint, gasPrice: bigint) => value + gasLimit * gasPrice

  test('has room for a replacement where it has none for a second payment', async () => {
    const bench = small(wei(10n, 21_000n, 22n))
    expect(codeOf(await bench.pay(payment(1, { value: 10n, gasPrice: 20n })))).toBe('signed')
    expect(codeOf(await bench.pay(payment(2, { value: 10n, gasPrice: 20n })))).toBe('spend-limit')
    expect(codeOf(await bench.pay(payment(1, { value: 10n, gasPrice: 22n, replace: true })))).toBe('signed')
    expect(codeOf(await bench.pay(payment(1, { value: 10n, gasPrice: 25n, replace: true })))).toBe(
      'spend-limit',
    )
  })

  test('counts the dearest transaction of a nonce, though the last one has less gas', async () => {
    const dear = wei(10n, 30_000n, 20n)
    const last = wei(0n, 21_000n, 1n)
    for (const [room, expected] of [
      [dear + last, 'signed'],
      [dear + last - 1n, 'spend-limit'],
    ] as const) {
      const bench = small(room, 30_000n)
      await bench.pay(payment(1, { value: 10n, gasPrice: 20n, gasLimit: 30_000n }))
      const replacement = payment(1, { value: 10n, gasPrice: 22n, gasLimit: 21_000n, replace: true })
      expect(codeOf(await bench.pay(replacement))).toBe('signed')
      expect(codeOf(await bench.pay(payment(2, { value: 0n, gasPrice: 1n, gasLimit: 21_000n })))).toBe(
        expected,
      )
    }
  })

  test('counts the dearest transaction of a nonce for its cheaper replacement too', async () => {
    const dear = payment(1, { value: 10n, gasPrice: 20n, gasLimit: 30_000n })
    const cheap = payment(1, { value: 10n, gasPrice: 22n, gasLimit: 21_000n, replace: true })
    const other: TransferRequest = {
      type: 'eip1559',
      ...{ chainId: 5n, nonce: 1n, to: SOMEBODY, value: 0n, gasLimit: 21_000n, replace: false },
      ...{ maxFeePerGas: 5n, maxPriorityFeePerGas: 1n },
    }
    const bench = small(wei(10n, 30_000n, 20n) + wei(0n, 21_000n, 5n) - 1n, 30_000n)
    await bench.pay(dear)
    bench.later(25)
    expect(codeOf(await bench.pay(other))).toBe('signed')
    expect(codeOf(await bench.pay(cheap))).toBe('spend-limit')
    bench.later(25)
    expect(codeOf(await bench.pay(cheap))).toBe('signed')
  })

  test('counts a nonce from when one of its transactions was last let through', async () => {
    const bench = small(wei(10n, 21_000n, 22n))
    bench.device.fails = failure(true)
    const first = payment(1, { value: 10n, gasPrice: 20n })
    await bench.pay(first)
    bench.later(10)
    await bench.pay(payment(1, { value: 10n, gasPrice: 22n, replace: true }))
    bench.later(10)
    bench.device.fails = undefined
    expect(codeOf(await bench.pay(first))).toBe('signed')
    bench.later(15)
    expect(codeOf(await bench.pay(payment(2, { value: 10n, gasPrice: 20n })))).toBe('spend-limit')
    bench.later(10)
    expect(codeOf(await bench.pay(payment(2, { value: 10n, gasPrice: 20n })))).toBe('signed')
  })

  test('counts what was let through while the clock was a little ahead', async () => {
    const bench = small(wei(10n, 21_000n, 20n))
    expect(codeOf(await bench.pay(payment(1, { value: 10n, gasPrice: 20n })))).toBe('signed')
    bench.later(-9 / 3600)
    expect(codeOf(await bench.pay(payment(2, { value: 10n, gasPrice: 20n })))).toBe('spend-limit')
  })
})
