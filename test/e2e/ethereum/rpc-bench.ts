import { expect } from 'vitest'
import { EthBench, PAYEE, post } from './eth-bench.js'
import { ethBoard, ethSignatures, MESSAGE_PREFIX } from './eth-board.js'

/** Typed data that the bench signs. */
export const SHOP = { name: 'Shop', version: '1', chainId: 1 }
export const ORDER = {
  Order: [
    { name: 'id', type: 'uint256' },
    { name: 'buyer', type: 'address' },
  ],
}
export const order = { id: '12', buyer: PAYEE }

/** A transaction as web3signer's clients send it: quantities in hex. */
export const TRANSACTION = {
  ...{ to: PAYEE, gas: '0x5208', value: '0x1', nonce: '0x0', chainId: '0x1', data: '0x' },
  ...{ maxFeePerGas: '0x9502f9000', maxPriorityFeePerGas: '0x3b9aca00' },
}

/** What a refusal by the bridge is, whole: no result, and the code in both places. */
export const refused = (code: string) => ({
  jsonrpc: '2.0',
  id: 7,
  error: {
    code: -32000,
    message: expect.stringMatching(new RegExp(`^${code}: `)) as string,
    data: expect.objectContaining({ code }) as object,
  },
})

/** A daemon that answers JSON-RPC for whoever asks, with a board. */
export class RpcBench {
  readonly bench: EthBench
  readonly url: string

  private constructor(bench: EthBench, url: string) {
    this.bench = bench
    this.url = url
  }

  static async start(): Promise<RpcBench> {
    const bench = await EthBench.withBoard(() => ethBoard({ domains: [SHOP] }), {
      ethereum: {
        rpc: {},
        message_prefixes: [MESSAGE_PREFIX],
        typed_data: [
          { domain: { name: 'Shop', version: '1', chain_id: 1 }, primary_type: 'Order', types: ORDER },
        ],
      },
    })
    return new RpcBench(bench, `${(await bench.started()).url}/v1/eth/rpc`)
  }

  /** How often the board was asked for a signature. */
  get signatures(): number {
    return ethSignatures(this.bench.bench.simulated)
  }

  /** The answer to one call, whose status and id are what they must be. */
  async call(method: string, ...params: readonly unknown[]): Promise<Readonly<Record<string, unknown>>> {
    const { status, body } = await post(this.url, { jsonrpc: '2.0', id: 7, method, params })
    expect([status, body['jsonrpc'], body['id']]).toEqual([200, '2.0', 7])
    return body
  }

  close(): Promise<void> {
    return this.bench.close()
  }
}

/** A copy without one field. */
export function without(value: object, name: string): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name))
}
