import { Transaction } from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EthBench, PAYEE, post, type Claim } from './eth-bench.js'
import { ethBoard } from './eth-board.js'
import { Served } from './served.js'

describe('sent again:', () => {
  let served: Served
  beforeAll(async () => {
    const bench = await EthBench.withBoard(() => ethBoard())
    served = await new Served(bench).start()
  })
  afterAll(() => served.bench.close())

  const claimed = (claim: Claim | undefined) => {
    const body = JSON.stringify(claim)
    return post(`${served.url}/v1/eth/claims`, body, { 'x-gitcoin-sig': served.bench.hmac(body) })
  }
  const TRANSFER = { type: 'legacy', chainId: 1, nonce: 10, to: PAYEE, value: '7', gasPrice: '1000000000' }
  const transfer = (changed: object = {}, key?: string) =>
    post(
      `${served.url}/v1/eth/transfers`,
      { ...TRANSFER, ...changed },
      key === undefined ? {} : { 'idempotency-key': key },
    )
  const refused = (status: number, code: string) => ({ status, body: { code } })

  /** What must hold after a restart as it did before. */
  const lasting: (() => Promise<void>)[] = []
  const lasts = async (check: () => Promise<void>) => {
    await check()
    lasting.push(check)
  }

  test('a recorded claim gets the same signature, never another, and the board is asked once in all', async () => {
    const [one, other] = served.bench.claims
    const before = served.signatures
    const first = await claimed(one)
    expect(first.status).toBe(200)
    expect(served.signatures).toBe(before + 1)
    const elsewhere = { ...one!, user_address: other!.user_address }
    await lasts(async () => {
      expect(await claimed(one)).toEqual(first)
      expect(await claimed(elsewhere)).toMatchObject(refused(409, 'claim-exists'))
    })
    expect(served.signatures).toBe(before + 1)
  })

  test('the very same transfer gets the same bytes, and the board is asked once in all', async () => {
    const before = served.signatures
    const first = await transfer()
    expect(Transaction.from(String(first.body['transaction'])).from).toBe(served.bench.address)
    await lasts(async () => {
      expect(await transfer()).toEqual(first)
    })
    expect(served.signatures).toBe(before + 1)
  })

  test('a used nonce is refused for another transfer, and so is every nonce below', async () => {
    await transfer()
    await lasts(async () => {
      for (const other of [{ value: '8' }, { gasPrice: '2000000000' }, { nonce: 9 }, { nonce: 0 }])
        expect(await transfer(other)).toMatchObject(refused(409, 'nonce-used'))
    })
  })

  test('an idempotency key stands for one transfer', async () => {
    const first = await transfer({ nonce: 20 }, 'order-20')
    expect(first.status).toBe(200)
    await lasts(async () => {
      expect(await transfer({ nonce: 20 }, 'order-20')).toEqual(first)
      const reused = refused(409, 'idempotency-key-reused')
      expect(await transfer({ nonce: 2000 }, 'order-20')).toMatchObject(reused)
    })
    expect((await transfer({ nonce: 21 }, 'order-21')).status).toBe(200)
  })

  test('the last transfer is replaced by a dearer one alone, and both are given again', async () => {
    const first = await transfer({ nonce: 30 })
    const dearer = { nonce: 30, gasPrice: '1100000000', replace: true }
    const denied = refused(409, 'replacement-not-allowed')
    expect(await transfer({ ...dearer, gasPrice: '1099999999' })).toMatchObject(denied)
    expect(await transfer({ ...dearer, value: '8' })).toMatchObject(denied)
    const second = await transfer(dearer)
    expect(second).toMatchObject({ status: 200, body: { nonce: '30' } })
    await lasts(async () => {
      expect(await transfer(dearer)).toEqual(second)
      expect(await transfer({ nonce: 30 })).toEqual(first)
      expect(await transfer({ ...dearer, gasPrice: '1150000000' })).toMatchObject(denied)
    })
  })

  test('all of this holds after kill -9 and a restart, and the board is asked for nothing', async () => {
    expect(lasting).toHaveLength(5)
    await served.restart()
    const before = served.signatures
    for (const check of lasting) await check()
    expect(served.signatures).toBe(before)
  })
})
