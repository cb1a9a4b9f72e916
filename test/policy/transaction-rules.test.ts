import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { authorise, readPayload, type KeyRules, type TransactionRules } from '../../src/policy/index.js'
import { concatBytes, publicKeyHashBytes } from '../../src/tezos/index.js'
import { content, counted, filled, operation, zarithN } from '../tezos/build-payload.js'
import { MAINNET, TZ1, TZ3 } from './fixture.js'
import { own } from './limits-bench.js'

const NOW = new Date('2026-11-20T12:00:00Z')
const OPEN: TransactionRules = {
  ...{ destinations: undefined, maxMutez: undefined, maxFeeMutez: undefined },
  ...{ entrypoints: undefined, spendWindows: [] },
}

/** The name of the rule that refuses a payload, or `passes`. */
function check(
  payload: Uint8Array,
  transactions: Partial<TransactionRules>,
  allow?: readonly string[],
): string {
  const key: KeyRules = {
    ...{ publicKeyHash: TZ1, allowedMagicBytes: [0x03], chains: [MAINNET], requiresAuthentication: false },
    ...{ allow, transactions: { ...OPEN, ...transactions } },
  }
  const read = readPayload(key, payload)
  if (read.outcome === 'refused') return read.refusal.code
  const refusal = authorise({ key, signable: read.signable, clients: [], now: NOW })
  return refusal === undefined ? 'passes' : (refusal.rule ?? refusal.code)
}

const NONE = Uint8Array.of(0x00)
const manager = (tag: number, fee: bigint, ...fields: readonly Uint8Array[]) =>
  concatBytes(Uint8Array.of(tag), publicKeyHashBytes(TZ1), ...[fee, 1n, 0n, 300n].map(zarithN), ...fields)
const implicit = (hash: typeof TZ1) => concatBytes(NONE, publicKeyHashBytes(hash))
const transfer = (amount: bigint, fee = 10n, to = TZ3) =>
  manager(108, fee, zarithN(amount), implicit(to), NONE)
const stake = (amount: bigint) =>
  manager(108, 10n, zarithN(amount), implicit(TZ1), Uint8Array.of(0xff, 6), counted(filled(2)))
const origination = (balance: bigint) =>
  manager(109, 10n, zarithN(balance), NONE, counted(filled(3)), counted(filled(3)))
const delegation = (fee: bigint) => manager(110, fee, NONE)
const ticket = (to = TZ3) =>
  manager(
    158,
    10n,
    counted(filled(2)),
    counted(filled(2)),
    implicit(TZ3),
    zarithN(5n),
    implicit(to),
    counted(filled(4, 0x61)),
  )

describe('limits hold to the mutez', () => {
  test.each([
    [
      'max_mutez of a transaction',
      (amount: bigint) => transfer(amount),
      { maxMutez: 500 },
      'transactions.max_mutez',
    ],
    ['max_mutez of a stake', (amount: bigint) => stake(amount), { maxMutez: 500 }, 'transactions.max_mutez'],
    [
      'max_mutez of an origination',
      (amount: bigint) => origination(amount),
      { maxMutez: 500 },
      'transactions.max_mutez',
    ],
    [
      'max_fee_mutez of a transaction',
      (fee: bigint) => transfer(1n, fee),
      { maxFeeMutez: 500 },
      'transactions.max_fee_mutez',
    ],
    [
      'max_fee_mutez of a delegation',
      (fee: bigint) => delegation(fee),
      { maxFeeMutez: 500 },
      'transactions.max_fee_mutez',
    ],
  ])('%s', (_, made, rules, rule) => {
    expect(check(operation(made(500n)), rules)).toBe('passes')
    expect(check(operation(made(501n)), rules)).toBe(rule)
    expect(check(operation(made(2n ** 63n - 1n)), rules)).toBe(rule)
  })

  test('a limit of 0 lets nothing but 0 through', () => {
    expect(check(operation(transfer(0n, 0n)), { maxMutez: 0, maxFeeMutez: 0 })).toBe('passes')
    expect(check(operation(transfer(1n, 0n)), { maxMutez: 0, maxFeeMutez: 0 })).toBe('transactions.max_mutez')
  })
})

describe('destinations', () => {
  const listed = { destinations: [TZ3] }

  test('bound transactions, tickets and drained funds', () => {
    expect(check(operation(transfer(1n)), listed)).toBe('passes')
    expect(check(operation(transfer(1n, 10n, TZ1)), listed)).toBe('transactions.destinations')
    expect(check(operation(ticket()), listed)).toBe('passes')
    expect(check(operation(ticket(TZ1)), listed)).toBe('transactions.destinations')
    const drain = (to: typeof TZ1) => operation(content(9, ...[TZ1, TZ1, to].map(publicKeyHashBytes)))
    expect(check(drain(TZ3), listed, ['drain_delegate'])).toBe('passes')
    expect(check(drain(TZ1), listed, ['drain_delegate'])).toBe('transactions.destinations')
  })

  test('refuse an origination that gives anything', () => {
    expect(check(operation(origination(0n)), listed)).toBe('passes')
    expect(check(operation(origination(1n)), listed)).toBe('transactions.destinations')
  })

  test('leave alone a staking transaction that allow names by its own name, and only that', () => {
    expect(check(operation(stake(5n)), listed, ['stake'])).toBe('passes')
    expect(check(operation(stake(5n)), listed, ['transaction', 'stake'])).toBe('passes')
    expect(check(operation(stake(5n)), listed, ['transaction'])).toBe('transactions.destinations')
    expect(check(operation(stake(5n)), listed)).toBe('transactions.destinations')
    expect(check(operation(transfer(1n, 10n, TZ1)), listed, ['transaction', 'stake'])).toBe(
      'transactions.destinations',
    )
  })

  test('leave alone what sends nothing', () => {
    expect(check(operation(delegation(1n)), { destinations: [] })).toBe('passes')
  })
})

test('entrypoints bound staking too, however it is named', () => {
  expect(check(operation(stake(5n)), { entrypoints: ['stake'] })).toBe('passes')
  expect(check(operation(stake(5n)), { entrypoints: ['default'] }, ['stake'])).toBe(
    'transactions.entrypoints',
  )
})

test('the source of every content must be the key', () => {
  const foreign = own('octez-codec transaction-to')
  expect(check(foreign, {})).toBe('passes')
  const flipped = foreign.with(40, (foreign[40] ?? 0) ^ 1)
  expect(check(flipped, {})).toBe('transactions.source')
  expect(check(operation(transfer(1n), flipped.subarray(33)), {})).toBe('transactions.source')
})

test('property: no batch passes that holds a content which is refused by itself', () => {
  const rules = { destinations: [TZ3], maxMutez: 500, maxFeeMutez: 50, entrypoints: ['default'] }
  const amount = fc.bigInt({ min: 0n, max: 1000n })
  const fee = fc.bigInt({ min: 0n, max: 100n })
  const anyContent = fc.oneof(
    fc.tuple(amount, fee, fc.constantFrom(TZ1, TZ3)).map(([mutez, paid, to]) => transfer(mutez, paid, to)),
    amount.map(stake),
    amount.map(origination),
    fee.map(delegation),
    fc.constantFrom(TZ1, TZ3).map(ticket),
    fc.constant(Uint8Array.of(0xee)),
  )
  const allows = fc.constantFrom(undefined, ['transaction'], ['transaction', 'delegation', 'stake'])
  let passed = 0
  fc.assert(
    fc.property(fc.array(anyContent, { minLength: 1, maxLength: 4 }), allows, (contents, allow) => {
      const alone = contents.map((one) => check(operation(one), rules, allow))
      const together = check(operation(...contents), rules, allow)
      if (together === 'passes') passed++
      expect(together === 'passes').toBe(alone.every((word) => word === 'passes'))
    }),
    { numRuns: 1000 },
  )
  expect(passed).toBeGreaterThan(20)
})
