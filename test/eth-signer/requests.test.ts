import { describe, expect, test } from 'vitest'
import {
  readClaimRequest,
  readOldTransferRequest,
  readTransferRequest,
  readUserId,
} from '../../src/eth-signer/index.js'
import { address } from '../ethereum/golden.js'
import { SOMEBODY } from './fixture.js'

describe('E2', () => {
  const CLAIM = {
    user_id: 1,
    user_address: '0x8e9d312F6E0B3F511bb435AC289F2Fd6cf1F9C81',
    user_amount: '1000000000000000',
    delegate_address: '0x8e9d312f6e0b3f511bb435ac289f2fd6cf1f9c81',
  }
  const text = JSON.stringify(CLAIM)
  const swap = (from: string | RegExp, to: string) => text.replace(from, to)

  test.each([
    ['a claim', text, 'read'],
    ['a user id in quotes', swap('"user_id":1', '"user_id":"1"'), 'read'],
    ['a user id of 32 bits', swap('"user_id":1', '"user_id":4294967295'), 'read'],
    [
      'a larger one',
      swap('"user_id":1', '"user_id":4294967296'),
      /user_id is 4294967296; it can be at most 4294967295/,
    ],
    ['a field twice', swap('{', '{"user_id":2,'), /"user_id" is there twice/],
    ['a field twice, once with an escape', swap('{', '{"user\\u005fid":2,'), /"user_id" is there twice/],
    ['a field too many', swap('{', '{"more":2,'), /"more" is no field/],
    ['a field too few', swap('"user_id":1,', ''), /user_id is missing/],
    [
      'an amount that is a number',
      swap('"1000000000000000"', '1000000000000000'),
      /user_amount is 1000000000000000, which is no whole number; write decimal digits in quotes/,
    ],
    ['an amount in hex', swap('"1000000000000000"', '"0x1"'), /user_amount is "0x1"/],
    ['an amount with a leading zero', swap('"1000000000000000"', '"01"'), /user_amount is "01"/],
    ['a negative amount', swap('"1000000000000000"', '"-1"'), /user_amount is "-1"/],
    ['an amount beyond 256 bits', swap('1000000000000000', String(1n << 256n)), /it can be at most/],
    ['a user id with a fraction', swap('"user_id":1', '"user_id":1.0'), /1\.0 is no whole number/],
    ['a user id with an exponent', swap('"user_id":1', '"user_id":1e0'), /1e0 is no whole number/],
    ['a negative user id', swap('"user_id":1', '"user_id":-1'), /-1 is no whole number/],
    ['a user id that is true', swap('"user_id":1', '"user_id":true'), /user_id is true/],
    ['a user id that is null', swap('"user_id":1', '"user_id":null'), /user_id is null/],
    [
      'an address with a wrong checksum',
      swap('8e9d312F', '8E9d312F'),
      /user_address is "0x8E9d.* no address/,
    ],
    [
      'the zero address',
      swap(CLAIM.delegate_address, `0x${'0'.repeat(40)}`),
      /delegate_address is the zero address/,
    ],
    ['an address without 0x', swap('0x8e9d312F', '8e9d312F'), /user_address is/],
    ['a list', `[${text}]`, /no JSON object/],
    ['no text at all', '', /the body/],
    ['a comment', `${text}//`, /not JSON/],
    [
      'what is no UTF-8',
      Buffer.concat([Buffer.from(text.slice(0, -2)), Buffer.from([0xff]), Buffer.from('"}')]),
      /no UTF-8/,
    ],
    ['a very deep list', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, /the body/],
  ] as const)('%s', (_, body, expected) => {
    const result = readClaimRequest(Buffer.from(body), 'new')
    if (result.outcome === 'read') {
      expect(expected).toBe('read')
      expect(result.request.delegateAddress).toBe(address(CLAIM.delegate_address))
      return
    }
    expect(result).toMatchObject({ code: 'malformed-request', rule: 'E2' })
    expect(result.message).toMatch(expected)
  })

  test('the old form takes amounts as numbers too, where those are exact', () => {
    const number = swap('"1000000000000000"', '1000000000000000')
    expect(readClaimRequest(Buffer.from(number), 'old')).toMatchObject({
      request: { userAmount: 1_000_000_000_000_000n },
    })
    for (const wrong of ['9007199254740993', '1e21', '1000000000000000000', '12.5']) {
      const result = readClaimRequest(Buffer.from(swap('"1000000000000000"', wrong)), 'old')
      expect([wrong, result.outcome]).toEqual([wrong, 'refused'])
    }
  })

  test('a payment of the old service becomes a legacy transaction of one chain', () => {
    const read = (body: string) => readOldTransferRequest(Buffer.from(body), { chainId: 1n, gasPrice: 41n })
    const both = [
      read(`{"destination":"${SOMEBODY}","wei":5,"nonce":0}`),
      read(`{"destination":"${SOMEBODY}","wei":"5","nonce":"0"}`),
    ]
    for (const one of both) {
      expect(one).toEqual({
        outcome: 'read',
        request: {
          ...{ type: 'legacy', chainId: 1n, gasPrice: 41n, to: SOMEBODY, value: 5n, nonce: 0n },
          ...{ gasLimit: undefined, replace: false },
        },
      })
    }
    for (const wrong of ['"wei":-5', '"wei":"1e18"', '"wei":null', '"wei":[]']) {
      const result = read(`{"destination":"${SOMEBODY}",${wrong},"nonce":0}`)
      expect([wrong, result.outcome]).toEqual([wrong, 'refused'])
    }
    expect(read(`{"destination":"${SOMEBODY}","wei":5}`)).toMatchObject({ message: 'nonce is missing' })
    expect(read(`[{"destination":"${SOMEBODY}","wei":5,"nonce":0}]`)).toMatchObject({
      code: 'malformed-request',
    })
  })

  test.each([
    ['a legacy payment', { type: 'legacy', gasPrice: '1' }, 'read'],
    ['one of EIP-1559', { type: 'eip1559', maxFeePerGas: '1', maxPriorityFeePerGas: '0' }, 'read'],
    ['with a gas limit', { type: 'legacy', gasPrice: '1', gasLimit: '21000', replace: true }, 'read'],
    [
      'a price of the other type',
      { type: 'legacy', maxFeePerGas: '1', maxPriorityFeePerGas: '0' },
      /gasPrice is missing/,
    ],
    ['a price that is a number', { type: 'legacy', gasPrice: 1 }, /gasPrice is 1, which is no whole number/],
    [
      'a nonce that no transaction has',
      { type: 'legacy', gasPrice: '1', nonce: String(2n ** 64n - 1n) },
      /nonce is .* at most 18446744073709551614/,
    ],
    [
      'replace that is no flag',
      { type: 'legacy', gasPrice: '1', replace: 1 },
      /replace is 1; write true or false/,
    ],
    ['data', { type: 'legacy', gasPrice: '1', data: '0x' }, /"data" is no field/],
    ['no type', { gasPrice: '1' }, /type/],
  ])('a payment: %s', (_, change, expected) => {
    const body = { to: SOMEBODY, value: '1', nonce: 1, chainId: 1, ...change }
    const result = readTransferRequest(Buffer.from(JSON.stringify(body)))
    expect(result.outcome === 'read' ? 'read' : result.message).toMatch(expected)
  })

  test.each(['0', '1', '4294967295'])('%s in a path is a user id', (text) => {
    expect(readUserId(text)).toBe(BigInt(text))
  })

  test.each(['', '-1', '01', '4294967296', '1.0', '0x1', '99999999999'])('"%s" in a path is none', (text) => {
    expect(readUserId(text)).toBeUndefined()
  })
})
