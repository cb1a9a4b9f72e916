import { createHmac } from 'node:crypto'
import { verifyTypedData } from 'ethers'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { bytes, golden } from '../../ethereum/golden.js'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../../debian-package.js'
import type { Daemon } from '../daemon.js'
import { CLAIM_TYPES, DOMAIN } from './eth-bench.js'
import { ethSignatures } from './eth-board.js'
import { oldBench, send, SIGNER } from './old-clients/old-bench.js'
import { runClient } from './old-clients/run-client.js'

const { claims, hmac_key } = golden.esms_claim
const [first, last] = claims as [Golden, Golden]
type Golden = (typeof claims)[number]

let old: Awaited<ReturnType<typeof oldBench>>
let route: string
let daemon: Daemon
let missing: string
beforeAll(async () => {
  missing = whyMissing('python3')
  old = await oldBench()
  const started = await old.bench.started()
  daemon = started.daemon
  route = `${started.url}/v1/sign_claim`
}, INSTALL_TIMEOUT_MS)
afterAll(async () => {
  await old.close()
})

const hmac = (body: string, key = hmac_key) =>
  createHmac('sha256', bytes(key)).update(body).digest('hex').toUpperCase()

const asClient = (body: string) => send(route, body, { 'x-gitcoin-sig': hmac(body) })

const CLAIM = {
  user_id: first.user_id,
  user_address: first.user_address,
  user_amount: first.user_amount,
  delegate_address: first.delegate_address,
}
const REFUSED = '{"message":"ESMS error"}'

/** The old answer but for the signature, which must be by the key of the vectors; text, so that the order counts. */
function expectOldAnswer(text: string, golden: Golden, differs: object = {}): void {
  const { eth_signed_signature_hex: signature } = JSON.parse(text) as { eth_signed_signature_hex: string }
  const wanted = { ...golden.expected_response, eth_signed_signature_hex: signature, ...differs }
  expect(text).toBe(JSON.stringify(wanted))
  const { user_id, user_address, user_amount, delegate_address, leaf } = golden
  const message = { user_id, user_address, user_amount, delegate_address, leaf }
  expect(verifyTypedData(DOMAIN, CLAIM_TYPES, message, signature)).toBe(SIGNER)
}

// before the others: a claim that has a signature needs no board
test('where the board is gone the answer is 500 with the same body as all refusals, and the claim is signed when it is back', async () => {
  const { port } = old.bench.bench
  const lost = daemon.line('device.lost')
  port.unplug()
  await lost
  expect(await asClient(first.request.raw_body)).toEqual({
    status: 500,
    type: 'application/json',
    text: REFUSED,
  })
  const from = daemon.lines.length
  port.replug()
  await daemon.line('device.ready', from)
  expect(await asClient(first.request.raw_body)).toMatchObject({ status: 200 })
})

describe('a client that was written for ESMS', () => {
  test('is welcomed, and gets for each claim what ESMS answered, key by key', async (context) => {
    context.skip(missing !== '', missing)
    const lines = claims.map(({ request }) => request.raw_body)
    const [welcome, ...answers] = await runClient(
      'esms.py',
      [route.replace('/v1/sign_claim', ''), hmac_key],
      lines,
    )
    expect(welcome).toEqual([200, 'text/html', 'WELCOME!'])
    expect(answers).toHaveLength(claims.length)
    for (const [index, [status, type, text]] of answers.entries()) {
      expect([status, type]).toEqual([200, 'application/json'])
      expectOldAnswer(text, claims[index]!)
    }
  })

  test('gets it for the bytes and the HMAC that the vectors have', async () => {
    for (const golden of claims) {
      const { raw_body, hmac_header } = golden.request
      const { status, text } = await send(route, raw_body, { 'X-GITCOIN-SIG': hmac_header })
      expect(status).toBe(200)
      expectOldAnswer(text, golden)
    }
  })

  test('may write numbers as text or as JSON numbers, and gets its addresses back as it wrote them', async () => {
    const user_address = last.user_address.toLowerCase()
    const delegate_address = last.delegate_address.toLowerCase()
    const body = JSON.stringify({ user_id: '4294967295', user_address, user_amount: 1, delegate_address })
    const { status, text } = await asClient(body)
    expect(status).toBe(200)
    expectOldAnswer(text, last, { user_address, delegate_address })
    const lower = first.user_address.toLowerCase()
    const again = await asClient(JSON.stringify({ ...CLAIM, user_address: lower }))
    expectOldAnswer(again.text, first, { user_address: lower })
  })

  test('gets the same answer again for the same claim, and the board is not asked again', async () => {
    const { raw_body } = first.request
    const { text } = await asClient(raw_body)
    const before = ethSignatures(old.bench.bench.simulated)
    expect(await asClient(raw_body)).toEqual({ status: 200, type: 'application/json', text })
    expect(ethSignatures(old.bench.bench.simulated)).toBe(before)
  })
})

describe('is refused with 400, and one body for all of it:', () => {
  const without = (name: string) => Object.fromEntries(Object.entries(CLAIM).filter(([key]) => key !== name))
  it.each<[string, unknown]>([
    ...Object.keys(CLAIM).map((name): [string, unknown] => [`a claim without ${name}`, without(name)]),
    ...Object.keys(CLAIM).map((name): [string, unknown] => [`null as ${name}`, { ...CLAIM, [name]: null }]),
    ['a user address that is too short', { ...CLAIM, user_address: '0x8e9d312F' }],
    [
      'a user address with a wrong checksum',
      { ...CLAIM, user_address: CLAIM.user_address.replace('F6E', 'f6E') },
    ],
    ['a delegate address that is none', { ...CLAIM, delegate_address: 'delegate.eth' }],
    ['an address that is a number', { ...CLAIM, delegate_address: 42 }],
    ['a negative user id', { ...CLAIM, user_id: -1 }],
    ['a user id that is no number', { ...CLAIM, user_id: 'one' }],
    ['a user id above 32 bits', { ...CLAIM, user_id: 4294967296 }],
    ['a negative amount', { ...CLAIM, user_amount: '-1000000000000000' }],
    ['an amount that is no number', { ...CLAIM, user_amount: 'all' }],
    ['an amount that is empty', { ...CLAIM, user_amount: '' }],
    ['a user who is not in the distribution', { ...CLAIM, user_id: 7 }],
    ['a list', [CLAIM]],
    ['a text', 'claim'],
    ['null', null],
  ])('%s', async (_, claim) => {
    expect(await asClient(JSON.stringify(claim))).toEqual({
      status: 400,
      type: 'application/json',
      text: REFUSED,
    })
  })

  it.each([
    ['a body that is no JSON', '{"user_id": 1,'],
    ['an empty body', ''],
    ['a body that is not UTF-8 text of JSON', '\u0000'],
  ])('%s', async (_, body) => {
    expect(await asClient(body)).toEqual({ status: 400, type: 'application/json', text: REFUSED })
  })
})

describe('is refused with 401, and that same body:', () => {
  const body = first.request.raw_body
  it.each<[string, Record<string, string>]>([
    ['no header, which ESMS answered with 500', {}],
    ['an empty header', { 'x-gitcoin-sig': '' }],
    ['the HMAC by another key', { 'x-gitcoin-sig': hmac(body, '00'.repeat(16)) }],
    ['the HMAC of another body', { 'x-gitcoin-sig': hmac(`${body} `) }],
    ['half of the right HMAC', { 'x-gitcoin-sig': hmac(body).slice(0, 32) }],
    ['the right HMAC with 0x before it', { 'x-gitcoin-sig': `0x${hmac(body)}` }],
    ['the right HMAC in another header', { 'x-signature': hmac(body) }],
  ])('%s', async (_, headers) => {
    expect(await send(route, body, headers)).toEqual({ status: 401, type: 'application/json', text: REFUSED })
  })
})

describe('unlike ESMS, on purpose:', () => {
  test('whoever proves nothing gets 401 for everything, and learns of no user whether it has a claim', async () => {
    const bodies = [
      JSON.stringify({ ...CLAIM, user_id: 7 }),
      JSON.stringify({ ...CLAIM, user_address: '0x' }),
      '[',
      '',
    ]
    for (const body of bodies) {
      expect(await send(route, body, { 'x-gitcoin-sig': hmac('another') })).toMatchObject({
        status: 401,
        text: REFUSED,
      })
    }
  })

  test('the HMAC is of the bytes that are sent, so JSON without spaces is right too, and so are lower-case digits', async () => {
    const compact = JSON.stringify(CLAIM)
    const { compact_body_hmac } = first.request
    for (const header of [compact_body_hmac, compact_body_hmac.toLowerCase()]) {
      const { status, text } = await send(route, compact, { 'x-gitcoin-sig': header })
      expect(status).toBe(200)
      expectOldAnswer(text, first)
    }
  })

  it.each([
    ['an amount that the leaf is not of', { ...CLAIM, user_amount: '2000000000000000' }],
    ['a second address for a user who has a claim', { ...CLAIM, user_address: last.user_address }],
    ['a second delegate for a user who has a claim', { ...CLAIM, delegate_address: last.user_address }],
    ['a field that is not asked for', { ...CLAIM, note: 'thanks' }],
    ['the zero address', { ...CLAIM, delegate_address: `0x${'0'.repeat(40)}` }],
    ['a user id of true', { ...CLAIM, user_id: true }],
    ['an amount with spaces', { ...CLAIM, user_amount: ' 1000000000000000 ' }],
  ])('400 for %s', async (_, claim) => {
    await asClient(first.request.raw_body)
    expect(await asClient(JSON.stringify(claim))).toMatchObject({ status: 400, text: REFUSED })
  })

  it.each([
    ['a number that JSON cannot hold', '"1000000000000000"', '9007199254740993'],
    ['a number with a fraction', '"1000000000000000"', '1000000000000000.0'],
    ['a number with an exponent', '"1000000000000000"', '1e15'],
    ['a field that stands twice', '{', '{"user_id": 1, '],
  ])('400 for %s', async (_, from, to) => {
    const body = first.request.raw_body.replace(from, to)
    expect(body).not.toBe(first.request.raw_body)
    expect(await asClient(body)).toMatchObject({ status: 400, text: REFUSED })
  })

  test('a path that only the proxy before it had is not there', async () => {
    expect(await send(route.replace('sign_claim', 'dev_sign_claim'), '{}')).toMatchObject({ status: 404 })
  })
})
