import {
  getAddress,
  JsonRpcProvider,
  Network,
  Transaction,
  verifyMessage,
  verifyTypedData,
  type JsonRpcSigner,
} from 'ethers'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { PAYEE, post } from './eth-bench.js'
import { MESSAGE_PREFIX } from './eth-board.js'
import { order, ORDER, refused, RpcBench, SHOP, TRANSACTION, without } from './rpc-bench.js'

let served: RpcBench
let provider: JsonRpcProvider
let signer: JsonRpcSigner
beforeAll(async () => {
  served = await RpcBench.start()
  provider = new JsonRpcProvider(served.url, 1, { staticNetwork: Network.from(1) })
  signer = await provider.getSigner()
})
afterAll(async () => {
  provider.destroy()
  await served.close()
})

describe('the signer of ethers', () => {
  test('finds the key, and gets transactions of both types that are by it', async () => {
    expect(signer.address).toBe(served.bench.address)
    const common = { to: PAYEE, gasLimit: 21_000, value: 5n, chainId: 1n }
    const dynamic = { ...common, nonce: 1, maxFeePerGas: 40n * 10n ** 9n, maxPriorityFeePerGas: 10n ** 9n }
    const asked = [
      { type: 2, ...dynamic },
      { type: 0, ...common, nonce: 2, gasPrice: 30n * 10n ** 9n },
    ]
    for (const transaction of asked) {
      const read = Transaction.from(await signer.signTransaction(transaction))
      expect(read).toMatchObject({
        ...transaction,
        from: served.bench.address,
        gasLimit: 21_000n,
        data: '0x',
      })
    }
  })

  test('gets typed data and messages signed, and ethers says by whom', async () => {
    const typed = await signer.signTypedData(SHOP, ORDER, order)
    expect(verifyTypedData(SHOP, ORDER, order, typed)).toBe(served.bench.address)
    const text = `${MESSAGE_PREFIX}nonce 12`
    expect(verifyMessage(text, await signer._legacySignMessage(text))).toBe(served.bench.address)
  })

  test('asks for several things in one request, and each is answered by itself', async () => {
    const answers = await Promise.allSettled([
      provider.send('eth_accounts', []),
      signer._legacySignMessage('no prefix'),
      signer.signTypedData(SHOP, ORDER, order),
    ])
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })
})

describe('without a library', () => {
  test('eth_accounts has the one address, with its checksum', async () => {
    const { result } = await served.call('eth_accounts')
    expect(result).toEqual([getAddress(served.bench.address)])
  })

  test('typed data is taken as an object and as its JSON text', async () => {
    const types = {
      EIP712Domain: Object.keys(SHOP).map((name) => ({
        name,
        type: name === 'chainId' ? 'uint256' : 'string',
      })),
      ...ORDER,
    }
    const data = { types, primaryType: 'Order', domain: SHOP, message: order }
    for (const given of [data, JSON.stringify(data)]) {
      const { result } = await served.call('eth_signTypedData_v4', served.bench.address.toLowerCase(), given)
      expect(verifyTypedData(SHOP, ORDER, order, String(result))).toBe(served.bench.address)
    }
  })

  test('a transaction needs no from, and no chain id where there is one chain', async () => {
    const rest = { ...without(TRANSACTION, 'chainId'), nonce: '0x3' }
    const read = Transaction.from(String((await served.call('eth_signTransaction', rest))['result']))
    expect([read.from, read.chainId, read.nonce]).toEqual([served.bench.address, 1n, 3])
  })

  test('a transaction is given again, and its nonce to no other one', async () => {
    const transaction = { ...TRANSACTION, nonce: '0x4', from: served.bench.address }
    const first = await served.call('eth_signTransaction', transaction)
    expect(first).toHaveProperty('result')
    expect(await served.call('eth_signTransaction', transaction)).toEqual(first)
    expect(await served.call('eth_signTransaction', { ...transaction, value: '0x2' })).toMatchObject(
      refused('nonce-used'),
    )
  })
})

describe('as JSON-RPC 2.0 has it:', () => {
  const call = (method: string, id?: number) => ({
    jsonrpc: '2.0',
    method,
    params: [],
    ...(id === undefined ? {} : { id }),
  })
  const failure = (code: number, id: unknown = null) => ({
    jsonrpc: '2.0',
    id,
    error: { code, message: expect.any(String) as string },
  })

  it.each(['eth_sendTransaction', 'eth_blockNumber', 'personal_sign', 'eth_signTypedData_v3', ''])(
    'there is no method %s, and nothing is passed on to a node',
    async (method) => {
      expect(await served.call(method)).toEqual(failure(-32601, 7))
    },
  )

  it.each<[string, number, unknown]>([
    ['what is no JSON', -32700, '{"jsonrpc": "2.0",'],
    [
      'a key that stands twice',
      -32700,
      '{"jsonrpc":"2.0","id":1,"method":"eth_accounts","method":"eth_sign"}',
    ],
    ['an empty batch', -32600, []],
    ['a batch that is too long', -32600, Array.from({ length: 21 }, (_, at) => call('eth_accounts', at))],
    ['version 1', -32600, { ...call('eth_accounts', 1), jsonrpc: '1.0' }],
    ['params that are no list', -32600, { ...call('eth_accounts', 1), params: {} }],
    ['no object', -32600, 'null'],
  ])('%s', async (_, code, body) => {
    expect((await post(served.url, body)).body).toEqual(failure(code))
  })

  it.each<[string, readonly unknown[]]>([
    ['eth_accounts', [1]],
    ['eth_sign', []],
    ['eth_sign', [PAYEE, 'no hex']],
    ['eth_signTransaction', []],
    ['eth_signTypedData_v4', [PAYEE, '{']],
    ['eth_signTypedData_v4', [PAYEE, { types: {}, primaryType: 'Order' }]],
  ])('params that %s does not take', async (method, params) => {
    expect(await served.call(method, ...params)).toEqual(failure(-32602, 7))
  })

  test('a batch is answered in its order, and its notifications are not', async () => {
    const batch = [call('eth_accounts', 1), call('eth_accounts'), call('nothing', 2), 5]
    const { body } = await post(served.url, batch)
    expect(body).toMatchObject([
      { id: 1, result: [served.bench.address] },
      failure(-32601, 2),
      failure(-32600),
    ])
  })

  test('a notification gets no answer, and nothing is signed for it', async () => {
    const before = served.signatures
    const asked = {
      jsonrpc: '2.0',
      method: 'eth_signTransaction',
      params: [{ ...TRANSACTION, nonce: '0x200' }],
    }
    for (const body of [asked, [asked]]) {
      const answer = await fetch(served.url, { method: 'POST', body: JSON.stringify(body) })
      expect([answer.status, await answer.text()]).toEqual([204, ''])
    }
    expect(served.signatures).toBe(before)
  })
})
