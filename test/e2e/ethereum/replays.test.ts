import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { EthBench, post, type EthAnswer } from './eth-bench.js'
import { ethBoard } from './eth-board.js'
import { Served } from './served.js'

const MAX_SKEW_S = 60
type Headers = Readonly<Record<string, string>>

const without = (headers: Headers, name: string): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name))

describe('a request that carries a time and a nonce', () => {
  let served: Served
  beforeAll(async () => {
    const bench = await EthBench.withBoard(() => ethBoard(), {
      claimsAuth: { scheme: 'hmac-v1', max_skew_s: MAX_SKEW_S },
    })
    served = await new Served(bench).start()
  })
  afterAll(() => served.bench.close())

  const now = () => Math.floor(Date.now() / 1000)
  const nonce = () => randomBytes(16).toString('base64url')
  /** The headers of a request with this content, signed for this time and nonce. */
  const headersFor = (content: string, stamp = String(now()), once = nonce()) => ({
    ...{ 'x-timestamp': stamp, 'x-nonce': once },
    'x-gitcoin-sig': served.bench.hmac(`${stamp}.${once}.${content}`),
  })
  const body = (user = 0) => JSON.stringify(served.bench.claims[user])
  const claim = (content: string, headers: Headers) => post(`${served.url}/v1/eth/claims`, content, headers)
  const shown = async (path: string, headers: Headers): Promise<EthAnswer> => {
    const answer = await fetch(`${served.url}${path}`, { headers })
    return { status: answer.status, body: (await answer.json()) as EthAnswer['body'] }
  }
  const STRANGER = { status: 401, body: { code: 'unauthenticated-request', rule: 'E1' } }

  test('a request is let in once: the same again is refused, also after kill -9 and a restart', async () => {
    const headers = headersFor(body())
    expect(await claim(body(), headers)).toMatchObject({ status: 200, body: { user_id: 1 } })
    expect(await claim(body(), headers)).toMatchObject(STRANGER)
    await served.restart()
    expect(await claim(body(), headers)).toMatchObject(STRANGER)
    expect(await claim(body(), headersFor(body()))).toMatchObject({ status: 200, body: { user_id: 1 } })
  })

  test('a nonce of one request is refused for every other one, whatever its time', async () => {
    const once = nonce()
    expect((await claim(body(), headersFor(body(), undefined, once))).status).toBe(200)
    const later = headersFor(body(1), String(now() + 5), once)
    expect(await claim(body(1), later)).toMatchObject(STRANGER)
    const path = '/v1/eth/claims/1'
    expect(await shown(path, headersFor(path, undefined, once))).toMatchObject(STRANGER)
  })

  test('a request that was refused for what it asks has used its nonce all the same', async () => {
    const wrong = body().replace('"user_id":1', '"user_id":99')
    const headers = headersFor(wrong)
    expect(await claim(wrong, headers)).toMatchObject({ status: 422, body: { code: 'not-in-distribution' } })
    expect(await claim(wrong, headers)).toMatchObject(STRANGER)
  })

  test('a nonce whose signature was wrong is not used up: strangers cannot spend the nonces of others', async () => {
    const once = nonce()
    const headers = headersFor(body(), undefined, once)
    expect(await claim(body(), { ...headers, 'x-gitcoin-sig': '0'.repeat(64) })).toMatchObject(STRANGER)
    expect((await claim(body(), headers)).status).toBe(200)
  })

  it.each([
    ['too early', () => String(now() - MAX_SKEW_S - 30)],
    ['too late', () => String(now() + MAX_SKEW_S + 30)],
    ['in milliseconds', () => String(Date.now())],
    ['empty', () => ''],
    ['no number', () => 'now'],
    ['with a fraction', () => `${now()}.0`],
    ['with a sign', () => `+${now()}`],
    ['negative', () => `-${now()}`],
    ['in hex', () => `0x${now().toString(16)}`],
    ['with a zero before it', () => `0${now()}`],
  ])('a time that is %s is refused, though its signature is right', async (_, stamp) => {
    expect(await claim(body(), headersFor(body(), stamp()))).toMatchObject(STRANGER)
  })

  it.each([
    ['empty', ''],
    ['of 15 characters', 'a'.repeat(15)],
    ['of 65 characters', 'a'.repeat(65)],
    ['with a dot', 'aaaaaaaa.aaaaaaaa'],
    ['with a space', 'aaaaaaaa aaaaaaaa'],
    ['with characters of base64', 'aaaaaaa+aaaaaaa/='],
  ])('a nonce that is %s is refused, though its signature is right', async (_, once) => {
    expect(await claim(body(), headersFor(body(), undefined, once))).toMatchObject(STRANGER)
  })

  it.each<[string, (headers: Headers) => Headers]>([
    ['no time', (headers) => without(headers, 'x-timestamp')],
    ['no nonce', (headers) => without(headers, 'x-nonce')],
    ['no signature', (headers) => without(headers, 'x-gitcoin-sig')],
    ['another time', (headers) => ({ ...headers, 'x-timestamp': String(now() + 1) })],
    ['another nonce', (headers) => ({ ...headers, 'x-nonce': nonce() })],
    [
      'time and nonce exchanged',
      (headers) => ({
        ...headers,
        ...{ 'x-timestamp': headers['x-nonce'] ?? '', 'x-nonce': headers['x-timestamp'] ?? '' },
      }),
    ],
    [
      'the signature of the body alone',
      (headers) => ({ ...headers, 'x-gitcoin-sig': served.bench.hmac(body()) }),
    ],
  ])('%s is refused', async (_, change) => {
    expect(await claim(body(), change(headersFor(body())))).toMatchObject(STRANGER)
  })

  test('time and nonce exchanged before signing are refused too, and so is a dot that moves between them', async () => {
    const [stamp, once] = [String(now()), '1234567890123456']
    const exchanged = { 'x-timestamp': once, 'x-nonce': stamp }
    const signature = served.bench.hmac(`${once}.${stamp}.${body()}`)
    expect(await claim(body(), { ...exchanged, 'x-gitcoin-sig': signature })).toMatchObject(STRANGER)
    const moved = { ...headersFor(body(), stamp, once), 'x-nonce': `${once}.` }
    expect(await claim(body().slice(1), moved)).toMatchObject(STRANGER)
  })

  test('a body with one byte changed, added or missing is refused', async () => {
    const headers = headersFor(body())
    for (const changed of [
      body().replace('"user_id":1', '"user_id":2'),
      `${body()} `,
      body().slice(0, -1),
      '',
    ]) {
      expect(await claim(changed, headers)).toMatchObject(STRANGER)
    }
    expect((await claim(body(), headers)).status).toBe(200)
  })

  test('a claim is shown for a signature over its path, which is good for that path once', async () => {
    await claim(body(), headersFor(body()))
    const path = '/v1/eth/claims/1'
    const headers = headersFor(path)
    expect(await shown('/v1/eth/claims/2', headers)).toMatchObject(STRANGER)
    expect(await shown(path, headers)).toMatchObject({
      status: 200,
      body: { user_id: 1, signature: expect.any(String) as string },
    })
    expect(await shown(path, headers)).toMatchObject(STRANGER)
    expect(await shown(path, headersFor(''))).toMatchObject(STRANGER)
    const nobody = '/v1/eth/claims/4000'
    expect(await shown(nobody, {})).toMatchObject(STRANGER)
    expect(await shown(nobody, headersFor(nobody))).toMatchObject({
      status: 404,
      body: { code: 'unknown-claim' },
    })
  })
})
