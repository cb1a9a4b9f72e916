import { afterAll, describe, expect, it, vi } from 'vitest'
import { octezBody, operation, outcome } from '../../server/fixture.js'
import { exchange, plainPost, type Way } from '../../server/raw-client.js'
import { ADDRESS, BAKING_CONFIG } from '../daemon.js'
import { CARRIERS, START_MS, Target, targetOfThisTest } from './target.js'

vi.setConfig({ testTimeout: START_MS }) // many of these tests start daemons of their own

const BODY = octezBody(operation())
const KEY_PATH = `/keys/${ADDRESS.tz3}?version=3`
const REFUSED = '403 peer-not-allowed'

/** One daemon for the tests that need no configuration of their own. */
let shared: Promise<Target> | undefined
const sharedTarget = () => (shared ??= Target.start())
afterAll(async () => (await shared)?.close())

/** What a sign request that comes by `way`, with these headers, is answered. */
async function by(target: Target, way: Way, ...headers: readonly string[]): Promise<string> {
  const lines = ['Host: localhost', ...headers].map((line) => `${line}\r\n`).join('')
  return outcome(
    await exchange(target.port, plainPost(ADDRESS.tz3, BODY).replace('Host: localhost\r\n', lines), way),
  )
}

const allowing = (...addresses: readonly string[]) =>
  `allowed_ips: [${addresses.map((address) => `"${address}"`).join(', ')}]\n${BAKING_CONFIG}`
const listening = (address: string, config: string) =>
  config.replace('listen: "127.0.0.1:0"', `listen: "${address}:0"`)

const FORWARDING = [
  'X-Forwarded-For',
  'X-Real-IP',
  'X-Client-IP',
  'True-Client-IP',
  'CF-Connecting-IP',
  'Forwarded',
  'Client-IP',
  'X-Original-Forwarded-For',
]

describe('F38 the peer', () => {
  it('is the one of the connection, whatever a header says of it', async () => {
    const target = await targetOfThisTest(allowing('127.0.0.1'))
    const foreign = { localAddress: '127.0.0.2' }
    expect(await by(target, {})).toBe('200')
    for (const name of FORWARDING) {
      for (const value of [
        '127.0.0.1',
        '::1',
        '::ffff:127.0.0.1',
        'for=127.0.0.1',
        '127.0.0.1, 127.0.0.2',
        '',
      ]) {
        const answer = await target.untouchedBy(() => by(target, foreign, `${name}: ${value}`))
        expect([name, value, answer]).toEqual([name, value, REFUSED])
      }
      expect(await by(target, {}, `${name}: 6.6.6.6`)).toBe('200')
    }
    expect(await by(target, foreign, 'X-Forwarded-For: 127.0.0.1', 'X-Forwarded-For: 127.0.0.1')).toBe(
      REFUSED,
    )
  })

  it.each(CARRIERS)('is not what %s says it is, of every path', async (_name, carrier) => {
    const target = await targetOfThisTest(allowing('10.0.0.1', '::ffff:10.0.0.2', '2001:db8::/32'))
    for (const claimed of ['10.0.0.1', '::ffff:10.0.0.1', '10.0.0.2', '2001:db8::1']) {
      const headers = { 'x-forwarded-for': claimed, 'content-type': 'application/json' }
      const asked = { path: KEY_PATH, headers, body: BODY }
      expect(outcome(await target.untouchedBy(() => carrier(target, asked)))).toBe(REFUSED)
      for (const path of ['/', '/authorized_keys', '/known_keys', '/nothing']) {
        expect(outcome(await carrier(target, { path, method: 'GET', headers }))).toBe(REFUSED)
      }
    }
  })

  it('of an address range is let in, and its neighbour is not', async () => {
    const target = await targetOfThisTest(allowing('127.0.0.0/30', '127.1.0.0/16'))
    for (const localAddress of ['127.0.0.1', '127.0.0.3', '127.1.255.254']) {
      expect([localAddress, await by(target, { localAddress })]).toEqual([localAddress, '200'])
    }
    for (const localAddress of ['127.0.0.4', '127.2.0.0', '127.0.255.1']) {
      const answer = await target.untouchedBy(() => by(target, { localAddress }))
      expect([localAddress, answer]).toEqual([localAddress, REFUSED])
    }
  })

  it('of IPv4 in the form of IPv6 is the same in both forms, at either end', async () => {
    const mapped = await targetOfThisTest(listening('[::ffff:127.0.0.1]', allowing('127.0.0.1')))
    expect(await by(mapped, {})).toBe('200')
    expect(await by(mapped, { localAddress: '127.0.0.2' }, 'X-Forwarded-For: 127.0.0.1')).toBe(REFUSED)
    const plain = await targetOfThisTest(allowing('::ffff:127.0.0.1'))
    expect(await by(plain, {})).toBe('200')
    expect(await by(plain, { localAddress: '127.0.0.2' })).toBe(REFUSED)
  })

  it('of IPv6 may be written at length, and is not the loopback of IPv4', async () => {
    const target = await targetOfThisTest(listening('[::1]', allowing('0:0:0:0:0:0:0:1')))
    expect(await by(target, { host: '::1' })).toBe('200')
    const other = await targetOfThisTest(listening('[::1]', allowing('127.0.0.1')))
    expect(await by(other, { host: '::1' }, 'X-Forwarded-For: 127.0.0.1')).toBe(REFUSED)
  })

  it('is nobody where allowed_ips is empty, and anybody where the check is off', async () => {
    const closed = await targetOfThisTest(`allowed_ips: []\n${BAKING_CONFIG}`)
    expect(await by(closed, {}, 'X-Forwarded-For: 127.0.0.1')).toBe(REFUSED)
    const open = await targetOfThisTest(`security: { remote_ip_check: false }\n${allowing('10.0.0.1')}`)
    expect(await by(open, { localAddress: '127.9.9.9' })).toBe('200')
  })

  it('behind a trusted proxy is the nearest address that is none, and a proxy nobody trusts speaks for itself', async () => {
    const config = allowing('10.0.0.5').replace('server: {', 'server: { trusted_proxies: ["127.0.0.2"],')
    const target = await targetOfThisTest(config)
    const proxy = { localAddress: '127.0.0.2' }
    const chains = {
      '10.0.0.5': '200',
      '::ffff:10.0.0.5': '200',
      '6.6.6.6, 10.0.0.5': '200',
      '10.0.0.5, 6.6.6.6': REFUSED,
      '10.0.0.5,': REFUSED,
      '10.0.0.5:80': REFUSED,
      '127.0.0.2': REFUSED,
      [`10.0.0.5${', 127.0.0.2'.repeat(1000)}`]: '200',
      [`${'10.0.0.5, '.repeat(1000)}6.6.6.6`]: REFUSED,
    }
    for (const [chain, expected] of Object.entries(chains)) {
      expect([chain, await by(target, proxy, `X-Forwarded-For: ${chain}`)]).toEqual([chain, expected])
      expect(await by(target, { localAddress: '127.0.0.3' }, `X-Forwarded-For: ${chain}`)).toBe(REFUSED)
    }
    expect(await by(target, proxy)).toBe(REFUSED)
    // Two headers are one list: the nearest of all counts.
    expect(await by(target, proxy, 'X-Forwarded-For: 10.0.0.5', 'X-Forwarded-For: 6.6.6.6')).toBe(REFUSED)
    expect(await by(target, proxy, 'X-Forwarded-For: 6.6.6.6', 'X-Forwarded-For: 10.0.0.5')).toBe('200')
  })
})

const JSON_TYPE = 'application/json'
const ORIGINS = ['http://evil.example', 'http://localhost:6732', 'null', 'file://']
const TYPES = [
  'text/plain',
  'text/plain;charset=UTF-8',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/json',
]

describe.each(CARRIERS)('F39 by %s', (_name, carrier) => {
  it('a request with an Origin or of another type than JSON is refused', async () => {
    const target = await sharedTarget()
    const sign = (headers: Readonly<Record<string, string>>) =>
      target.untouchedBy(async () => outcome(await carrier(target, { path: KEY_PATH, headers, body: BODY })))
    for (const origin of ORIGINS) {
      const answer = await sign({ 'content-type': JSON_TYPE, origin })
      expect([origin, answer]).toEqual([origin, '403 origin-not-allowed'])
    }
    for (const type of TYPES) {
      expect([type, await sign({ 'content-type': type })]).toEqual([type, '400 content-type-not-supported'])
    }
    for (const path of ['/', '/authorized_keys', `/keys/${ADDRESS.tz3}`, '/nothing']) {
      const headers = { origin: 'http://evil.example' }
      expect(outcome(await carrier(target, { path, method: 'GET', headers }))).toBe('403 origin-not-allowed')
    }
    const preflight = { origin: 'http://evil.example', 'access-control-request-method': 'POST' }
    const answer = await carrier(target, { path: KEY_PATH, method: 'OPTIONS', headers: preflight })
    expect(outcome(answer)).toBe('403 origin-not-allowed')
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    await target.signsHonestly()
  })
})

// `fetch` names its own Host.
describe('F39 a Host', () => {
  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.nip.io',
    '0.0.0.0',
    '10.0.0.1:6732',
    'localhost.',
    'localhost\r\nHost: evil.example',
    'evil.example\r\nHost: localhost',
    'evil.example\r\nX-Forwarded-Host: localhost',
  ])('that is foreign (%j) is refused', async (host) => {
    const target = await sharedTarget()
    const request = plainPost(ADDRESS.tz3, BODY)
    for (const bytes of [request, request.replace('POST /', 'POST http://localhost/')]) {
      const foreign = bytes.replace('Host: localhost', () => `Host: ${host}`)
      const answer = await target.untouchedBy(() => exchange(target.port, foreign))
      expect(outcome(answer)).toBe('403 host-not-allowed')
    }
    expect(outcome(await exchange(target.port, request))).toBe('200')
  })

  it('of server.allowed_hosts is let in', async () => {
    const target = await targetOfThisTest(
      BAKING_CONFIG.replace('server: {', 'server: { allowed_hosts: [signer.example],'),
    )
    const named = (host: string) => plainPost(ADDRESS.tz3, BODY).replace('localhost', host)
    expect(outcome(await exchange(target.port, named('signer.example:443')))).toBe('200')
    expect(outcome(await exchange(target.port, named('evil.signer.example')))).toBe('403 host-not-allowed')
  })
})
