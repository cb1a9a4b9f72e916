import { hexlify, id, toUtf8Bytes } from 'ethers'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { CLAIM_TYPES, distribution, DOMAIN, PAYEE } from './eth-bench.js'
import { MESSAGE_PREFIX } from './eth-board.js'
import { order, ORDER, refused, RpcBench, SHOP, TRANSACTION, without } from './rpc-bench.js'

let served: RpcBench
beforeAll(async () => {
  served = await RpcBench.start()
})
afterAll(() => served.close())

describe('is refused, and nothing is asked of the board:', () => {
  const HIGH = { ...TRANSACTION, nonce: '0x100' }
  const legacy = { to: PAYEE, gas: '0x5208', value: '0x1', nonce: '0x100', gasPrice: '0x1' }
  it.each<[string, string, object]>([
    [
      'a transaction that sets code (EIP-7702)',
      'transaction-type-not-allowed',
      { ...HIGH, type: '0x4', authorizationList: [] },
    ],
    [
      'a list of authorizations without a type',
      'transaction-type-not-allowed',
      { ...HIGH, authorizationList: [] },
    ],
    [
      'a blob transaction',
      'transaction-type-not-allowed',
      { ...HIGH, type: '0x3', blobVersionedHashes: [id('blob')], maxFeePerBlobGas: '0x1' },
    ],
    ['a transaction of type 1', 'transaction-type-not-allowed', { ...legacy, type: '0x1', accessList: [] }],
    [
      'an access list',
      'transaction-type-not-allowed',
      { ...HIGH, type: '0x2', accessList: [{ address: PAYEE, storageKeys: [] }] },
    ],
    ['chain 0, which is no chain', 'chain-not-allowed', { ...legacy, chainId: '0x0' }],
    ['a chain that is not configured', 'chain-not-allowed', { ...HIGH, chainId: '0x5' }],
    ['a foreign from', 'malformed-request', { ...HIGH, from: PAYEE }],
    ['a transaction that makes a contract', 'malformed-request', without(HIGH, 'to')],
    ['a transaction without a nonce', 'malformed-request', without(HIGH, 'nonce')],
    ['data', 'data-not-empty', { ...HIGH, data: '0xa9059cbb' }],
    [
      'a destination that is not allowed',
      'destination-not-allowed',
      { ...HIGH, to: DOMAIN.verifyingContract },
    ],
    ['more than the cap', 'value-too-high', { ...HIGH, value: `0x${(10n ** 18n + 1n).toString(16)}` }],
    ['a decimal quantity', 'malformed-request', { ...HIGH, value: '1' }],
    ['a quantity that is a number', 'malformed-request', { ...HIGH, value: 1 }],
  ])('%s', async (_, code, transaction) => {
    const before = served.signatures
    expect(await served.call('eth_signTransaction', transaction)).toEqual(refused(code))
    expect(served.signatures).toBe(before)
  })

  const shopOrder = { types: ORDER, primaryType: 'Order', domain: SHOP, message: order }
  const permit = {
    Permit: [
      { name: 'spender', type: 'address' },
      { name: 'value', type: 'uint256' },
    ],
  }
  it.each<[string, object]>([
    ['typed data of another domain', { ...shopOrder, domain: { ...SHOP, chainId: 5 } }],
    [
      'typed data of another type',
      { ...shopOrder, types: permit, primaryType: 'Permit', message: { spender: PAYEE, value: '1' } },
    ],
    [
      'the same type with a field more',
      {
        ...shopOrder,
        types: { Order: [...ORDER.Order, { name: 'tip', type: 'uint256' }] },
        message: { ...order, tip: '1' },
      },
    ],
  ])('%s', async (_, data) => {
    const before = served.signatures
    expect(await served.call('eth_signTypedData_v4', served.bench.address, data)).toMatchObject(
      refused('typed-data-not-allowed'),
    )
    expect(served.signatures).toBe(before)
  })

  test('a claim of the distribution, where nobody has proven who asks', async () => {
    const before = served.signatures
    const { claims, file } = distribution(served.bench.claims.length)
    const data = { types: CLAIM_TYPES, primaryType: 'Claim', domain: DOMAIN }
    const right = { ...data, message: { ...claims[0], leaf: file[1]?.leaf } }
    const [asked, forged] = [right, { ...data, message: { ...claims[0], leaf: id('any') } }]
    expect(await served.call('eth_signTypedData_v4', served.bench.address, asked)).toMatchObject(
      refused('typed-data-not-allowed'),
    )
    expect(await served.call('eth_signTypedData_v4', served.bench.address, forged)).toMatchObject(
      refused('leaf-mismatch'),
    )
    expect(served.signatures).toBe(before)
  })

  it.each<[string, string]>([
    ['a message without a configured beginning', hexlify(toUtf8Bytes('pay all'))],
    ['a bare digest', id('digest')],
    ['a message that only holds the beginning', hexlify(toUtf8Bytes(`my ${MESSAGE_PREFIX}`))],
    ['hidden characters', hexlify(toUtf8Bytes(`${MESSAGE_PREFIX}\u202e`))],
  ])('%s', async (_, message) => {
    expect(await served.call('eth_sign', served.bench.address, message)).toEqual(
      refused('message-not-allowed'),
    )
  })

  test('a message and typed data for a foreign address', async () => {
    expect(await served.call('eth_sign', PAYEE, hexlify(toUtf8Bytes(MESSAGE_PREFIX)))).toMatchObject(
      refused('malformed-request'),
    )
    expect(await served.call('eth_signTypedData_v4', PAYEE, shopOrder)).toEqual(refused('malformed-request'))
  })
})
