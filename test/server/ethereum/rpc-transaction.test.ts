import { describe, expect, test } from 'vitest'
import { readRpcTransaction } from '../../../src/server/ethereum/rpc-transaction.js'

const TO = '0x3535353535353535353535353535353535353535'
const legacy = { from: TO, to: TO, gas: '0x5208', gasPrice: '0x1', value: '0xde0b6b3a7640000', nonce: '0x9' }
const eip1559 = {
  ...{
    to: TO,
    gas: '0x5208',
    maxFeePerGas: '0x2',
    maxPriorityFeePerGas: '0x1',
    nonce: '0x0',
    chainId: '0x5',
  },
}
const without = (fields: object, name: string) =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name))

describe('the parameter of eth_signTransaction', () => {
  test('is read as what tools send, in both kinds', () => {
    expect(readRpcTransaction(legacy, 1n)).toEqual({
      from: TO,
      transaction: {
        ...{ type: 'legacy', chainId: 1n, nonce: 9n, gasLimit: 21_000n, gasPrice: 1n, to: TO },
        ...{ value: 10n ** 18n, data: new Uint8Array() },
      },
    })
    expect(
      readRpcTransaction({ ...eip1559, type: '0x2', accessList: [], data: '0x', input: '0x' }, 1n),
    ).toMatchObject({
      from: undefined,
      transaction: { type: 'eip1559', chainId: 5n, value: 0n, maxFeePerGas: 2n, maxPriorityFeePerGas: 1n },
    })
    expect(
      readRpcTransaction({ ...without(legacy, 'gas'), gasLimit: '0x5209', from: null }, 7n),
    ).toMatchObject({
      from: undefined,
      transaction: { gasLimit: 21_001n, chainId: 7n },
    })
  })

  test.each<[string, unknown, string]>([
    ['a blob transaction', { ...eip1559, type: '0x3' }, 'its type is "0x3"'],
    ['a transaction that sets code', { ...eip1559, type: '0x4' }, 'its type is "0x4"'],
    ['an access-list transaction', { ...legacy, type: '0x1' }, 'its type is "0x1"'],
    ['authorizations', { ...eip1559, authorizationList: [] }, 'it has authorizationList'],
    ['blobs', { ...eip1559, blobVersionedHashes: ['0x01'] }, 'it has blobVersionedHashes'],
    [
      'an access list',
      { ...eip1559, accessList: [{ address: TO, storageKeys: [] }] },
      'it has an accessList',
    ],
  ])('is never %s (E10)', (_, value, words) => {
    expect(readRpcTransaction(value, 1n)).toMatchObject({
      refusal: {
        code: 'transaction-type-not-allowed',
        rule: 'E10',
        message: expect.stringContaining(words) as string,
      },
    })
  })

  test.each<[string, unknown, string]>([
    ['a list', [legacy], 'no object'],
    ['a number for a quantity', { ...legacy, value: 5 }, 'value is no quantity'],
    ['a decimal text', { ...legacy, value: '5' }, 'value is no quantity'],
    ['a leading zero', { ...legacy, nonce: '0x01' }, 'nonce is no quantity'],
    ['no nonce', without(legacy, 'nonce'), 'nonce is no quantity'],
    [
      'a nonce that no transaction has',
      { ...legacy, nonce: '0xffffffffffffffff' },
      'at most 0xfffffffffffffffe',
    ],
    ['no destination', without(legacy, 'to'), 'to is no address'],
    ['prices of both kinds', { ...legacy, maxFeePerGas: '0x1' }, 'maxFeePerGas belongs to another type'],
    [
      'a price of the other kind',
      { ...eip1559, type: '0x2', gasPrice: '0x1' },
      'gasPrice belongs to another type',
    ],
    ['two different data', { ...legacy, data: '0x01', input: '0x02' }, 'data and input differ'],
    ['half a byte of data', { ...legacy, data: '0x1' }, 'data is not 0x'],
    ['a field that is none', { ...legacy, hat: '0x1' }, 'hat is no field'],
  ])('is refused with %s (E2)', (_, value, words) => {
    expect(readRpcTransaction(value, 1n)).toMatchObject({
      refusal: { code: 'malformed-request', rule: 'E2', message: expect.stringContaining(words) as string },
    })
  })

  test('needs its chain where there are several', () => {
    expect(readRpcTransaction(legacy, undefined)).toMatchObject({
      refusal: { message: expect.stringContaining('chainId is missing') as string },
    })
  })
})
