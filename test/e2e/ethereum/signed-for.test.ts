import { recoverAddress, Transaction, verifyTypedData } from 'ethers'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { INSTALL_TIMEOUT_MS, whyNoTokens } from '../../device/pkcs11/soft-tokens.js'
import { CLAIM_TYPES, DOMAIN, EthBench, PAYEE, post, stockBoard, type Claim } from './eth-bench.js'
import { ethBoard } from './eth-board.js'

vi.setConfig({ testTimeout: 120_000, hookTimeout: INSTALL_TIMEOUT_MS })

const whyNot = whyNoTokens()
const USERS = 400
const TRANSFERS = 400

const benches: EthBench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

const kept = (bench: EthBench) => {
  benches.push(bench)
  return bench
}

/** Asks for everybody's claim, a few at once, and lets ethers say who signed each. */
async function claimAll(bench: EthBench, url: string): Promise<readonly string[]> {
  return inLanes(bench.claims, async (claim) => {
    const body = JSON.stringify(claim)
    const { status, body: answer } = await post(`${url}/v1/eth/claims`, body, {
      'x-gitcoin-sig': bench.hmac(body),
    })
    expect([status, answer]).toEqual([200, expect.objectContaining({ user_id: claim.user_id })])
    return signerOf(claim, answer)
  })
}

function signerOf(claim: Claim, answer: Record<string, unknown>): string {
  const signature = String(answer['signature'])
  const by = verifyTypedData(DOMAIN, CLAIM_TYPES, { ...claim, leaf: answer['leaf'] }, signature)
  expect(recoverAddress(String(answer['digest']), signature)).toBe(by)
  return by
}

/** Transfers of both types with rising nonces, one after the other; the sender of each, as ethers reads it. */
async function transferAll(url: string): Promise<readonly string[]> {
  const senders: string[] = []
  for (let nonce = 0; nonce < TRANSFERS; nonce += 1) {
    const value = String(10n ** 15n + BigInt(nonce))
    const prices =
      nonce % 2 === 0
        ? { type: 'legacy', gasPrice: '30000000000' }
        : { type: 'eip1559', maxFeePerGas: '40000000000', maxPriorityFeePerGas: '1000000000' }
    const { status, body } = await post(`${url}/v1/eth/transfers`, {
      chainId: 1,
      nonce,
      to: PAYEE,
      value,
      ...prices,
    })
    expect([status, body]).toEqual([200, expect.objectContaining({ nonce: String(nonce) })])
    const read = Transaction.from(String(body['transaction']))
    expect(read).toMatchObject({
      hash: body['hash'],
      nonce,
      to: PAYEE,
      value: BigInt(value),
      chainId: 1n,
      data: '0x',
    })
    expect(read.type).toBe(nonce % 2 === 0 ? 0 : 2)
    senders.push(read.from ?? '')
  }
  return senders
}

async function inLanes<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const rest = [...items]
  const results: Result[] = []
  const lane = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) results.push(await work(item))
  }
  await Promise.all(Array.from({ length: 8 }, lane))
  return results
}

describe('claims and transfers', () => {
  const backends = [
    ['a token of SoftHSM2', () => EthBench.withToken({ users: USERS }), whyNot !== ''],
    [
      'a board with firmware for Ethereum',
      () => EthBench.withBoard(() => ethBoard(), { users: USERS }),
      false,
    ],
  ] as const

  test.each(backends.filter(([, , isMissing]) => !isMissing))(
    'are signed by %s for the right address, all of them',
    async (_, start) => {
      const bench = kept(await start())
      const { url } = await bench.started()
      expect(new Set(await claimAll(bench, url))).toEqual(new Set([bench.address]))
      expect(new Set(await transferAll(url))).toEqual(new Set([bench.address]))
    },
  )

  test('are refused by name where the board has stock firmware, and nothing is asked of it', async () => {
    const bench = kept(await EthBench.withBoard(stockBoard))
    const { url } = await bench.started()
    const before = bench.bench.simulated.log.length
    const [claim] = bench.claims
    const body = JSON.stringify(claim)
    const claimed = await post(`${url}/v1/eth/claims`, body, { 'x-gitcoin-sig': bench.hmac(body) })
    expect(claimed).toMatchObject({ status: 501, body: { code: 'device-capability-missing' } })
    const transfer = { type: 'legacy', chainId: 1, nonce: 0, to: PAYEE, value: '1', gasPrice: '1' }
    const refused = await post(`${url}/v1/eth/transfers`, transfer)
    expect(refused).toMatchObject({ status: 501, body: { code: 'device-capability-missing' } })
    expect(bench.bench.simulated.log.length).toBe(before)
  })

  test('are signed by a board with stock firmware where that is configured, transfers alone', async () => {
    const bench = kept(
      await EthBench.withBoard(stockBoard, {
        ethereum: { stock_grind: true },
      }),
    )
    const { url } = await bench.started()
    const transfer = { type: 'legacy', chainId: 1, nonce: 0, to: PAYEE, value: '1', gasPrice: '1' }
    const { status, body } = await post(`${url}/v1/eth/transfers`, transfer)
    expect(status).toBe(200)
    const read = Transaction.from(String(body['transaction']))
    expect(read.from).toBe(bench.address)
    expect(read.unsignedHash.slice(0, 4)).toBe('0x03')
    expect(read.gasLimit).toBeGreaterThanOrEqual(21_000n)
    expect(read.gasLimit).toBeLessThanOrEqual(25_096n)
    const claim = JSON.stringify(bench.claims[0])
    const refused = await post(`${url}/v1/eth/claims`, claim, { 'x-gitcoin-sig': bench.hmac(claim) })
    expect(refused).toMatchObject({ status: 501, body: { code: 'device-capability-missing' } })
  })
})
