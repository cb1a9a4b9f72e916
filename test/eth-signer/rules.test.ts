import { hashMessage, Transaction, TypedDataEncoder, verifyMessage, verifyTypedData } from 'ethers'
import { describe, expect, test } from 'vitest'
import {
  HmacGate,
  readClaimRequest,
  readTransferRequest,
  type EthRefusal,
  type EthRefusalCode,
  type EthResult,
  type EthRules,
} from '../../src/eth-signer/index.js'
import type { TypedData } from '../../src/ethereum/index.js'
import { bytes } from '../ethereum/golden.js'
import {
  Bench,
  goldenClaim,
  hmacOf,
  keyOf,
  payment,
  RULES,
  SIGNER,
  SOMEBODY,
  SOMEBODY_ELSE,
} from './fixture.js'

const MAIL: TypedData = {
  types: { Mail: [{ name: 'text', type: 'string' }] },
  primaryType: 'Mail',
  domain: { name: 'Letters', chainId: 1 },
  message: { text: 'hello' },
}
const CLAIM_TYPES = {
  Claim: [
    { name: 'user_id', type: 'uint32' },
    { name: 'user_address', type: 'address' },
    { name: 'user_amount', type: 'uint256' },
    { name: 'delegate_address', type: 'address' },
    { name: 'leaf', type: 'bytes32' },
  ],
}

/** The golden claim as a wallet would have it signed. */
function claimMail(change: Record<string, unknown> = {}): TypedData {
  const { userId, userAddress, userAmount, delegateAddress } = goldenClaim()
  const leaf = RULES.claims?.distribution.get(String(userId))?.leaf
  const message = {
    ...{ user_id: Number(userId), user_address: userAddress, user_amount: String(userAmount) },
    ...{ delegate_address: delegateAddress, leaf, ...change },
  }
  return { types: CLAIM_TYPES, primaryType: 'Claim', domain: { ...RULES.claims?.domain }, message }
}

const withTransfers = (change: Partial<NonNullable<EthRules['transfers']>>): EthRules => {
  if (RULES.transfers === undefined) throw new Error('no rules')
  return { ...RULES, transfers: { ...RULES.transfers, ...change } }
}
const withClaims = (change: Partial<NonNullable<EthRules['claims']>>): EthRules => {
  if (RULES.claims === undefined) throw new Error('no rules')
  return { ...RULES, claims: { ...RULES.claims, ...change } }
}
const data = (bench: Bench, mail: TypedData, mayClaim = false) =>
  bench.signer.signTypedData(mail, { ...bench.ask, mayClaim })
const raw = (bench: Bench, change: object) =>
  bench.signer.signTransaction(
    {
      ...{ type: 'legacy', chainId: 1n, nonce: 1n, gasLimit: 21_000n, gasPrice: 10n ** 9n },
      ...{ to: SOMEBODY, value: 1n, data: new Uint8Array() },
      ...change,
    } as never,
    bench.ask,
  )

type Row = readonly [
  rule: string,
  what: string,
  ask: (bench: Bench) => Promise<EthResult | EthRefusal>,
  expected: EthRefusalCode | 'signed',
  message?: RegExp | undefined,
  rules?: EthRules,
]

const claim = (change: object) => (bench: Bench) => bench.claim({ ...goldenClaim(), ...change })
const pay =
  (nonce: number, change: object = {}) =>
  (bench: Bench) =>
    bench.pay(payment(nonce, change))
const two =
  (first: (bench: Bench) => Promise<EthResult>, second: (bench: Bench) => Promise<EthResult>) =>
  async (bench: Bench) => {
    expect((await first(bench)).outcome).toBe('signed')
    return second(bench)
  }

/** A claim whose raw body is proven first, and then read, as a route does it. */
const posted =
  (body: string, signature = hmacOf(KEY, body)) =>
  (bench: Bench) => {
    const content = Buffer.from(body)
    const gate = new HmacGate({ scheme: 'hmac-v0-rawbody', key: KEY, maxSkewMs: 1 }, bench.ledger)
    const refusal = gate.check({ signature, content })
    const read = refusal ?? readClaimRequest(content, 'old')
    if (read.outcome === 'read') return bench.claim(read.request)
    bench.signer.tellRefused('claim', read, 'r1')
    return Promise.resolve(read)
  }
const KEY = bytes('0xE49756B4C8FAB4E48222A3E7F3B97CC3')
const { user_id, user_address, user_amount, delegate_address } = claimMail().message
const BODY = JSON.stringify({ user_id, user_address, user_amount, delegate_address })

const rows: readonly Row[] = [
  ['E1', 'the body with its HMAC', posted(BODY), 'signed'],
  [
    'E1',
    'the HMAC of another body',
    posted(BODY, hmacOf(KEY, '{}')),
    'unauthenticated-request',
    /does not prove/,
  ],
  ['E1', 'what cannot be read, without its HMAC', posted('{', ''), 'unauthenticated-request'],
  [
    'E2',
    'a field too many',
    posted(BODY.replace('{', '{"more":1,')),
    'malformed-request',
    /"more" is no field/,
  ],
  [
    'E2',
    'a field twice',
    posted(BODY.replace('{', '{"user_id":1,')),
    'malformed-request',
    /"user_id" is there twice/,
  ],
  [
    'E2',
    'the body in another order',
    posted(JSON.stringify({ delegate_address, user_amount, user_address, user_id })),
    'signed',
  ],
  ['E3', 'the claim of the distribution', claim({}), 'signed'],
  ['E3', 'a user who is not in it', claim({ userId: 7n }), 'not-in-distribution', /user 7 is not in/],
  ['E3', 'another amount', claim({ userAmount: 1n }), 'leaf-mismatch', /another leaf .* than 1 wei/],
  ['E3', "another user's leaf", claim({ userId: 42n }), 'leaf-mismatch'],
  [
    'E3',
    'a proof of another tree',
    claim({}),
    'leaf-mismatch',
    /does not reach the root 0x00/,
    withClaims({ merkleRoot: new Uint8Array(32) }),
  ],
  ['E4', 'the same claim again', two(claim({}), claim({})), 'signed'],
  [
    'E4',
    'the same amount for another address',
    two(claim({}), claim({ userAddress: SOMEBODY })),
    'claim-exists',
    /user 1 has a claim for 0x8e9d.* since 2026-01-02/,
  ],
  ['E4', 'another delegate', two(claim({}), claim({ delegateAddress: SOMEBODY })), 'claim-exists'],
  [
    'E4',
    'another address, where reissue allows it',
    two(claim({}), claim({ userAddress: SOMEBODY })),
    'signed',
    undefined,
    withClaims({ reissue: 'allow' }),
  ],
  [
    'E5',
    'typed data that is configured',
    (bench) => data(bench, MAIL),
    'signed',
    undefined,
    { ...RULES, typedData: [MAIL] },
  ],
  [
    'E5',
    'typed data that is not',
    (bench) => data(bench, MAIL),
    'typed-data-not-allowed',
    /Mail\(string text\).*Letters/,
  ],
  [
    'E5',
    'the same type of another domain',
    (bench) => data(bench, { ...MAIL, domain: { name: 'Letters', chainId: 2 } }),
    'typed-data-not-allowed',
    /"chainId":"2"/,
    { ...RULES, typedData: [MAIL] },
  ],
  [
    'E5',
    'another type of the same name and domain',
    (bench) =>
      data(bench, { ...MAIL, types: { Mail: [{ name: 'text', type: 'bytes' }] }, message: { text: '0x00' } }),
    'typed-data-not-allowed',
    /Mail\(bytes text\)/,
    { ...RULES, typedData: [MAIL] },
  ],
  [
    'E5',
    'a primary type that only refers to a configured one',
    (bench) =>
      data(bench, {
        ...MAIL,
        types: { ...MAIL.types, Bag: [{ name: 'mail', type: 'Mail' }] },
        primaryType: 'Bag',
        message: { mail: { text: 'hello' } },
      }),
    'typed-data-not-allowed',
    undefined,
    { ...RULES, typedData: [MAIL] },
  ],
  [
    'E5',
    'a claim as typed data, where claims are asked for elsewhere',
    (bench) => data(bench, claimMail()),
    'typed-data-not-allowed',
    /ask POST \/v1\/eth\/claims/,
  ],
  ['E5', 'a claim as typed data, where that is allowed', (bench) => data(bench, claimMail(), true), 'signed'],
  [
    'E5',
    'a claim that the configuration lists as free typed data',
    (bench) => data(bench, claimMail({ user_address: SOMEBODY })),
    'typed-data-not-allowed',
    /ask POST/,
    { ...RULES, typedData: [{ ...claimMail(), types: CLAIM_TYPES }] },
  ],
  [
    'E3',
    'a claim as typed data, of another amount',
    (bench) => data(bench, claimMail({ user_amount: '2' }), true),
    'leaf-mismatch',
  ],
  [
    'E3',
    'a claim as typed data, with another leaf',
    (bench) => data(bench, claimMail({ leaf: `0x${'1'.repeat(64)}` }), true),
    'leaf-mismatch',
  ],
  [
    'E4',
    'a second claim of a user as typed data',
    two(claim({}), (bench) => data(bench, claimMail({ delegate_address: SOMEBODY }), true)),
    'claim-exists',
  ],
  ['E5', 'a message with a configured prefix', (bench) => bench.message('Log in: 42\nüñí'), 'signed'],
  [
    'E5',
    'a message with another beginning',
    (bench) => bench.message('log in: 42'),
    'message-not-allowed',
    /none of the 1 configured prefixes/,
  ],
  [
    'E5',
    'a message with the prefix further on',
    (bench) => bench.message(' Log in: 42'),
    'message-not-allowed',
  ],
  [
    'E5',
    'a message with a control character',
    (bench) => bench.message('Log in: \u0007'),
    'message-not-allowed',
    /invisible/,
  ],
  [
    'E5',
    'a message that changes the direction of its text',
    (bench) => bench.message('Log in: \u202e42'),
    'message-not-allowed',
  ],
  [
    'E5',
    'a message that is no UTF-8',
    (bench) => bench.message(Buffer.from('Log in: \xff', 'latin1')),
    'message-not-allowed',
    /no UTF-8/,
  ],
  [
    'E5',
    'a message with a byte order mark before the prefix',
    (bench) => bench.message('\ufeffLog in: 42'),
    'message-not-allowed',
  ],
  [
    'E5',
    'a message that is too long',
    (bench) => bench.message(`Log in: ${'x'.repeat(4096)}`),
    'message-not-allowed',
    /4104 bytes; at most 4096/,
  ],
  [
    'E5',
    'a message where no prefix is configured',
    (bench) => bench.message('Log in: 42'),
    'message-not-allowed',
    undefined,
    { ...RULES, messagePrefixes: [] },
  ],
  ['E6', 'a payment to a configured destination', pay(1), 'signed'],
  [
    'E6',
    'a payment of EIP-1559',
    (bench) =>
      bench.pay({
        type: 'eip1559',
        chainId: 5n,
        nonce: 0n,
        to: SOMEBODY,
        value: 0n,
        gasLimit: undefined,
        replace: false,
        maxFeePerGas: 9n,
        maxPriorityFeePerGas: 1n,
      }),
    'signed',
  ],
  [
    'E6',
    'a payment to somebody else',
    pay(1, { to: SOMEBODY_ELSE }),
    'destination-not-allowed',
    /0x8e9d.* none of the 1 configured/,
  ],
  [
    'E6',
    'a payment on another chain',
    pay(1, { chainId: 137n }),
    'chain-not-allowed',
    /chain 137 .* allowed: 1, 5/,
  ],
  [
    'E6',
    'data in a transaction',
    (bench) => raw(bench, { data: Uint8Array.of(1) }),
    'data-not-empty',
    /1 bytes of data/,
  ],
  ['E6', 'a transaction without data', (bench) => raw(bench, {}), 'signed'],
  [
    'E6',
    'more gas than the destination may have',
    pay(1, { gasLimit: 21_001n }),
    'gas-not-allowed',
    /is 21001; .* 21000 to 21000/,
  ],
  ['E6', 'less gas than any transaction takes', pay(1, { gasLimit: 20_999n }), 'gas-not-allowed'],
  [
    'E6',
    'the gas that a destination may have',
    pay(1, { gasLimit: 30_000n }),
    'signed',
    undefined,
    withTransfers({ destinations: [{ address: SOMEBODY, gasLimit: 30_000n }] }),
  ],
  ['E6', 'the largest value', pay(1, { value: 10n ** 18n }), 'signed'],
  [
    'E6',
    'one wei more than that',
    pay(1, { value: 10n ** 18n + 1n }),
    'value-too-high',
    /1000000000000000001 wei/,
  ],
  ['E6', 'less than nothing', (bench) => raw(bench, { value: -1n }), 'value-too-high'],
  ['E6', 'the largest fee', pay(1, { gasPrice: (5n * 10n ** 15n) / 21_000n }), 'signed'],
  [
    'E6',
    'a larger fee',
    pay(1, { gasPrice: (5n * 10n ** 15n) / 21_000n + 1n }),
    'fee-too-high',
    /at most 5000000000000000/,
  ],
  [
    'E6',
    'a tip above the whole price',
    (bench) => raw(bench, { type: 'eip1559', maxFeePerGas: 1n, maxPriorityFeePerGas: 2n }),
    'fee-too-high',
    /maxPriorityFeePerGas is 2/,
  ],
  [
    'E7',
    'payments up to the window',
    two(pay(1, { value: 10n ** 18n }), pay(2, { value: 10n ** 18n })),
    'signed',
  ],
  [
    'E7',
    'a fee that no longer fits',
    two(pay(1, { value: 10n ** 18n }), two(pay(2, { value: 10n ** 18n }), pay(3, { value: 10n ** 18n }))),
    'spend-limit',
    /on top of .* in the last 24 hours .* free again at 2026-01-03T03:04:05.678Z/,
  ],
  [
    'E7',
    'a payment that never fits',
    pay(1, { value: 10n ** 18n }),
    'spend-limit',
    /never has that much room/,
    withTransfers({ windows: [{ hours: 1, maxWei: 10n ** 18n }] }),
  ],
  ['E8', 'a higher nonce', two(pay(1), pay(9)), 'signed'],
  ['E8', 'the same payment again', two(pay(1), pay(1)), 'signed'],
  ['E8', 'an earlier payment again', two(pay(1), two(pay(2), pay(1))), 'signed'],
  [
    'E8',
    'a lower nonce',
    two(pay(5), pay(4)),
    'nonce-used',
    /nonce 4 of chain 1 is not above 5, .* use 6 or higher$/,
  ],
  [
    'E8',
    'the same nonce for another payment',
    two(pay(5), pay(5, { value: 1n })),
    'nonce-used',
    /or replace: true/,
  ],
  [
    'E8',
    'the same nonce on another chain',
    two(pay(5), (bench) =>
      bench.pay({
        type: 'eip1559',
        chainId: 5n,
        nonce: 5n,
        to: SOMEBODY,
        value: 0n,
        gasLimit: undefined,
        replace: false,
        maxFeePerGas: 9n,
        maxPriorityFeePerGas: 1n,
      }),
    ),
    'signed',
  ],
  [
    'E8',
    'a replacement with a tenth more',
    two(pay(5), pay(5, { replace: true, gasPrice: 22_000_000_000n })),
    'signed',
  ],
  [
    'E8',
    'a replacement with less than a tenth more',
    two(pay(5), pay(5, { replace: true, gasPrice: 21_999_999_999n })),
    'replacement-not-allowed',
    /at least 22000000000/,
  ],
  [
    'E8',
    'a replacement of another value',
    two(pay(5), pay(5, { replace: true, gasPrice: 30_000_000_000n, value: 1n })),
    'replacement-not-allowed',
    /must be those of the transaction before/,
  ],
  [
    'E8',
    'a replacement of a lower nonce',
    two(pay(4), two(pay(5), pay(4, { replace: true, gasPrice: 30_000_000_000n }))),
    'nonce-used',
  ],
  [
    'E8',
    'a second replacement below the first',
    two(
      pay(5),
      two(
        pay(5, { replace: true, gasPrice: 40_000_000_000n }),
        pay(5, { replace: true, gasPrice: 42_000_000_000n }),
      ),
    ),
    'replacement-not-allowed',
    /at least 44000000000/,
  ],
  [
    'E10',
    'a type that the chain does not take',
    pay(1, { chainId: 5n }),
    'transaction-type-not-allowed',
    /legacy .* chain 5; allowed: eip1559/,
  ],
]

for (const [rule, what, ask, expected, message, rules] of rows) {
  test(`${rule} ${what}: ${expected}`, async () => {
    const bench = new Bench(rules === undefined ? {} : { rules })
    const result = await ask(bench)
    expect(result.outcome === 'signed' ? 'signed' : result.code).toBe(expected)
    const signed = bench.events.filter(({ event }) => event === 'eth.signed')
    const repeated = signed.filter((event) => 'repeated' in event && event.repeated)
    expect(bench.device.asked).toHaveLength(signed.length - repeated.length)
    if (result.outcome === 'signed') return
    expect(result.rule).toBe(rule)
    expect(result.message).toMatch(message ?? /./)
    expect(bench.events.at(-1)).toMatchObject({ event: 'eth.refused', code: expected, rule, requestId: 'r1' })
  })
}

describe('E9', () => {
  test('a device with the key of another address is not asked', async () => {
    const bench = new Bench()
    bench.device.key = keyOf(new Uint8Array(32).fill(7))
    for (const result of [
      await bench.claim(),
      await bench.pay(payment(1)),
      await bench.message('Log in: 1'),
    ]) {
      expect(result).toMatchObject({ outcome: 'refused', code: 'wrong-key', rule: 'E9' })
    }
    expect(bench.device.asked).toEqual([])
    bench.device.key = keyOf(bytes(`0x${'46'.repeat(32)}`))
    expect((await bench.claim()).outcome).toBe('signed')
  })
})

describe('E10', () => {
  const body = (type: unknown) =>
    Buffer.from(JSON.stringify({ type, to: SOMEBODY, value: '1', nonce: 1, chainId: 1, gasPrice: '1' }))

  test.each(['eip7702', 'blob', 'eip2930', '0x3', '0x04', 3, 4, null])(
    '%j is no type that is signed',
    (type) => {
      expect(readTransferRequest(body(type))).toMatchObject({
        ...{ outcome: 'refused', code: 'transaction-type-not-allowed', rule: 'E10' },
        message: expect.stringContaining(JSON.stringify(type)) as string,
      })
    },
  )

  test('a legacy type is', () => {
    expect(readTransferRequest(body('legacy'))).toMatchObject({ outcome: 'read', request: { gasPrice: 1n } })
  })

  test('nothing that is sent to the device begins like an authorisation, a blob or a Tezos payload', async () => {
    const bench = new Bench({ rules: { ...RULES, typedData: [MAIL] } })
    await bench.claim()
    await bench.pay(payment(1))
    await raw(bench, { type: 'eip1559', nonce: 2n, maxFeePerGas: 2n, maxPriorityFeePerGas: 1n })
    await bench.message('Log in: 1')
    await data(bench, MAIL)
    const first = bench.device.asked.map(({ bytes: [byte = 0] }) => byte)
    expect(first).toHaveLength(5)
    for (const byte of first) expect(byte === 0x19 || byte === 0x02 || byte >= 0xc0).toBe(true)
  })
})

describe('what is signed is what other libraries make of it', () => {
  test('a claim, over the golden digest', async () => {
    const bench = new Bench()
    const result = await bench.claim()
    if (result.outcome !== 'signed') throw new Error(result.message)
    expect(result.digest).toBe(goldenClaim().digest)
    const { domain, message } = claimMail()
    expect(TypedDataEncoder.hash(domain, CLAIM_TYPES, message)).toBe(result.digest)
    expect(verifyTypedData(domain, CLAIM_TYPES, message, result.signature)).toBe(SIGNER)
  })

  test.each([0, 1])('a payment, whichever S the device answers with (%i)', async (before) => {
    const bench = new Bench()
    for (let nonce = 0; nonce < before; nonce++) await bench.pay(payment(nonce))
    const result = await bench.pay(payment(9))
    if (result.outcome !== 'signed') throw new Error(result.message)
    const read = Transaction.from(result.raw)
    expect(read).toMatchObject({ from: SIGNER, to: SOMEBODY, nonce: 9, chainId: 1n, hash: result.hash })
    expect(read.unsignedHash).toBe(result.digest)
  })

  test('a message', async () => {
    const result = await new Bench().message('Log in: 42')
    if (result.outcome !== 'signed') throw new Error(result.message)
    expect(result.digest).toBe(hashMessage('Log in: 42'))
    expect(verifyMessage('Log in: 42', result.signature)).toBe(SIGNER)
  })
})
