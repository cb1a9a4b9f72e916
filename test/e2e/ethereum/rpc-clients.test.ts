import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyTypedData } from 'ethers'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { CLAIM_TYPES, distribution, DOMAIN, EthBench, PAYEE, post, type Claim } from './eth-bench.js'
import { ethBoard, ethSignatures } from './eth-board.js'

const TOKENS = { treasury: 'treasury-secret-0123456789', baker: 'baker-secret-0123456789' } as const
const NOBODY = 'nobodys-secret-0123456789'

let folder: string
const benches: EthBench[] = []
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tezio-tokens-'))
  for (const [name, token] of Object.entries(TOKENS))
    writeFileSync(join(folder, name), token, { mode: 0o600 })
})
afterAll(async () => {
  for (const bench of benches) await bench.close()
  rmSync(folder, { recursive: true })
})

/** A daemon with two known clients; `named` says who may ask for transfers and JSON-RPC. */
async function served(named: { readonly clients?: readonly string[] }) {
  const clients = Object.fromEntries(
    Object.keys(TOKENS).map((name) => [name, { token_file: join(folder, name) }]),
  )
  const bench = await EthBench.withBoard(() => ethBoard(), {
    ethereum: {
      transfers: {
        destinations: [PAYEE],
        ...{ max_wei: String(10n ** 18n), max_fee_wei: String(10n ** 16n) },
        ...{
          windows: [{ hours: 24, max_wei: String(10n ** 21n) }],
          old_routes: { gas_price_wei: '1000000000' },
        },
        ...named,
      },
      rpc: named,
    },
    rest: { policy: { clients } },
  })
  benches.push(bench)
  return { bench, url: (await bench.started()).url }
}

const shows = (token: string | undefined) => (token === undefined ? {} : { 'x-tezio-token': token })

/** Asks for a claim's signature by JSON-RPC; `changed` replaces fields of it. */
function askClaim(url: string, of: string, token: string | undefined, changed: Partial<Claim> = {}) {
  const { claims, file } = distribution(4)
  const message = { ...claims[0], leaf: file[1]?.leaf, ...changed }
  const data = { types: CLAIM_TYPES, primaryType: 'Claim', domain: DOMAIN, message }
  const call = { jsonrpc: '2.0', id: 1, method: 'eth_signTypedData_v4', params: [of, data] }
  return { message, answer: post(`${url}/v1/eth/rpc`, call, shows(token)) }
}

describe('where clients are named', () => {
  let bench: EthBench
  let url: string
  beforeAll(async () => {
    ;({ bench, url } = await served({ clients: ['treasury'] }))
  })

  const transfer = { type: 'legacy', chainId: 1, nonce: 0, to: PAYEE, value: '1', gasPrice: '1000000000' }
  const asked = [
    ['POST', '/v1/eth/transfers', JSON.stringify(transfer)],
    ['POST', '/v1/eth/rpc', JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_accounts', params: [] })],
    ['POST', '/sign', JSON.stringify({ destination: PAYEE, wei: '1', nonce: 0 })],
    ['GET', '/status', undefined],
  ] as const
  const shown = [
    ['no token', undefined, 401, 'unauthenticated-request'],
    ["nobody's token", NOBODY, 401, 'unauthenticated-request'],
    ["another client's token", TOKENS.baker, 403, 'client-not-allowed'],
    ['the right token', TOKENS.treasury, 200, undefined],
  ] as const

  const cases = asked.flatMap(([method, path, body]) =>
    shown.map(([what, token, status, code]) => ({ method, path, body, what, token, status, code })),
  )
  it.each(cases)(
    '$method $path with $what is $status',
    async ({ method, path, body, token, status, code }) => {
      const before = ethSignatures(bench.bench.simulated)
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: shows(token),
        ...(body === undefined ? {} : { body }),
      })
      const text = await answer.text()
      expect([answer.status, text]).toEqual([
        status,
        code === undefined ? text : expect.stringContaining(code),
      ])
      if (code === undefined) return
      expect(ethSignatures(bench.bench.simulated)).toBe(before)
      const isOld = !path.startsWith('/v1')
      const problem = expect.objectContaining({ status, code }) as object
      const old = { status: 'error', message: [expect.stringContaining(`${code}: `)] }
      expect(JSON.parse(text)).toEqual(isOld ? old : problem)
    },
  )

  it.each(['/v1/eth/transfers', '/v1/eth/rpc', '/sign'])(
    '%s says nothing of a request before it knows who asks',
    async (path) => {
      for (const body of ['{', '', 'x'.repeat(70_000)]) {
        const answer = await fetch(`${url}${path}`, { method: 'POST', body })
        expect(answer.status).toBe(401)
      }
    },
  )

  test('a token does not stand for the HMAC of a claim', async () => {
    const answer = await post(`${url}/v1/eth/claims`, bench.claims[0], shows(TOKENS.treasury))
    expect(answer).toMatchObject({ status: 401, body: { rule: 'E1' } })
  })

  test('a claim is signed by JSON-RPC for a named client, once: for another address it is refused', async () => {
    const { message, answer } = askClaim(url, bench.address, TOKENS.treasury)
    const { body } = await answer
    const signature = String(body['result'])
    expect(verifyTypedData(DOMAIN, CLAIM_TYPES, message, signature)).toBe(bench.address)
    const before = ethSignatures(bench.bench.simulated)
    expect((await askClaim(url, bench.address, TOKENS.treasury).answer).body).toEqual(body)
    const other = { user_address: bench.claims[1]!.user_address }
    expect((await askClaim(url, bench.address, TOKENS.treasury, other).answer).body).toMatchObject({
      error: { code: -32000, data: { code: 'claim-exists', rule: 'E4' } },
    })
    const posted = JSON.stringify({ ...bench.claims[0], ...other })
    expect(await post(`${url}/v1/eth/claims`, posted, { 'x-gitcoin-sig': bench.hmac(posted) })).toMatchObject(
      {
        status: 409,
        body: { code: 'claim-exists' },
      },
    )
    const same = JSON.stringify(bench.claims[0])
    expect(await post(`${url}/v1/eth/claims`, same, { 'x-gitcoin-sig': bench.hmac(same) })).toMatchObject({
      status: 200,
      body: { signature },
    })
    expect(ethSignatures(bench.bench.simulated)).toBe(before)
  })
})

test('where no client is named, no token has claims signed by JSON-RPC: that of a baker is no right to claims', async () => {
  const { bench, url } = await served({})
  for (const token of [undefined, TOKENS.baker, TOKENS.treasury]) {
    const { body } = await askClaim(url, bench.address, token).answer
    expect(body).toMatchObject({
      error: { code: -32000, data: { code: 'typed-data-not-allowed', rule: 'E5' } },
    })
  }
  expect(ethSignatures(bench.bench.simulated)).toBe(0)
  const wrong = await askClaim(url, bench.address, NOBODY).answer
  expect(wrong).toMatchObject({ status: 401, body: { code: 'unauthenticated-request' } })
})
