import { describe, expect, it } from 'vitest'
import type { PeerRange } from '../../src/server/index.js'
import {
  ask,
  askSignature,
  block,
  operation,
  outcome,
  testBridge,
  TZ3,
  type BridgeOptions,
} from './fixture.js'

const range = (address: string, prefixLength: number): PeerRange => ({
  family: address.includes(':') ? 'ipv6' : 'ipv4',
  address,
  prefixLength,
})

/** What a request from `remoteAddress` gets, under `accept` rules. */
async function fromPeer(
  accept: BridgeOptions['accept'] & object,
  remoteAddress: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const { app, device } = testBridge({ accept })
  const answer = outcome(await askSignature(app, TZ3, operation(), { remoteAddress, headers }))
  if (answer !== '200') expect(device.touches).toEqual([])
  return answer
}

describe('F38 the peer', () => {
  it('must be among allowed_ips, for every path', async () => {
    const { app, device } = testBridge({ knownKeys: true })
    for (const path of ['/', '/authorized_keys', '/known_keys', `/keys/${TZ3}`, '/nothing']) {
      const answer = await ask(app, path, { remoteAddress: '10.0.0.1' })
      expect([path, outcome(answer)]).toEqual([path, '403 peer-not-allowed'])
    }
    const answer = await askSignature(app, TZ3, block({ level: 5 }), { remoteAddress: '10.0.0.1' })
    expect(outcome(answer)).toBe('403 peer-not-allowed')
    expect(device.touches).toEqual([])
  })

  it('is in a range, or not, to the bit', async () => {
    const allowedPeers = [range('10.1.2.128', 25), range('2001:db8::', 33), range('192.168.0.7', 32)]
    const peers = {
      '10.1.2.128': true,
      '10.1.2.255': true,
      '10.1.2.127': false,
      '10.1.3.128': false,
      '192.168.0.7': true,
      '192.168.0.6': false,
      '127.0.0.1': false,
      '::1': false,
      '2001:db8:7fff::1': true,
      '2001:db8:8000::1': false,
      '::ffff:10.1.2.200': true,
      '::FFFF:10.1.2.200': true,
      '::ffff:10.1.2.1': false,
    }
    for (const [peer, isAllowed] of Object.entries(peers)) {
      const expected = isAllowed ? '200' : '403 peer-not-allowed'
      expect([peer, await fromPeer({ allowedPeers }, peer)]).toEqual([peer, expected])
    }
  })

  it('counts in each of its forms', async () => {
    const allowedPeers = [range('::1', 128)]
    for (const peer of ['::1', '0:0:0:0:0:0:0:1', '0000:0000:0000:0000:0000:0000:0000:0001']) {
      expect(await fromPeer({ allowedPeers }, peer)).toBe('200')
      expect(await fromPeer({ allowedPeers: [range('127.0.0.1', 32)] }, peer)).toBe('403 peer-not-allowed')
    }
    expect(await fromPeer({ allowedPeers: [range('fe80::', 10)] }, 'fe80::1%eth0')).toBe('200')
  })

  it('without an address is refused, also where any peer is allowed', async () => {
    for (const peer of [
      '',
      'localhost',
      '127.0.0.1 ',
      '127.1',
      '0x7f.0.0.1',
      '127.0.0.01',
      '::ffff:127.0.0.01',
    ]) {
      expect([peer, await fromPeer({}, peer)]).toEqual([peer, '403 peer-not-allowed'])
      expect([peer, await fromPeer({ allowedPeers: 'any' }, peer)]).toEqual([peer, '403 peer-not-allowed'])
    }
  })

  it('may be anybody where the check is off', async () => {
    for (const peer of ['203.0.113.9', '2001:db8::9', '::ffff:203.0.113.9']) {
      expect(await fromPeer({ allowedPeers: 'any' }, peer)).toBe('200')
    }
  })

  it('is refused where allowed_ips is empty', async () => {
    expect(await fromPeer({ allowedPeers: [] }, '127.0.0.1')).toBe('403 peer-not-allowed')
  })

  it('is the one of the connection, whatever X-Forwarded-For and its like say', async () => {
    for (const value of ['127.0.0.1', '::1', '127.0.0.1, 10.0.0.9', '10.0.0.9, 127.0.0.1']) {
      for (const name of ['x-forwarded-for', 'x-real-ip', 'forwarded', 'x-client-ip', 'cf-connecting-ip']) {
        expect(await fromPeer({}, '10.0.0.9', { [name]: value })).toBe('403 peer-not-allowed')
        expect(await fromPeer({}, '::ffff:10.0.0.9', { [name]: value })).toBe('403 peer-not-allowed')
      }
      expect(await fromPeer({}, '127.0.0.1', { 'x-forwarded-for': '10.0.0.9' })).toBe('200')
    }
  })
})

describe('F38 behind a trusted proxy', () => {
  const accept = {
    allowedPeers: [range('10.0.0.5', 32), range('2001:db8::5', 128)],
    trustedProxies: [range('127.0.0.1', 32), range('10.9.0.0', 16)],
  }
  const via = (peer: string, forwardedFor: string) =>
    fromPeer(accept, peer, { 'x-forwarded-for': forwardedFor })

  it('the nearest address that is no trusted proxy counts', async () => {
    const chains = {
      '10.0.0.5': '200',
      '::ffff:10.0.0.5': '200',
      ' 10.0.0.5 ': '200',
      '2001:DB8:0:0::5': '200',
      '10.0.0.5, 10.9.1.1': '200',
      '6.6.6.6, 10.0.0.5, 10.9.1.1, 127.0.0.1': '200',
      '10.0.0.6': '403 peer-not-allowed',
      '10.0.0.5, 10.0.0.6': '403 peer-not-allowed',
      '10.0.0.5, 6.6.6.6, 10.9.1.1': '403 peer-not-allowed',
      '10.0.0.5:1234': '403 peer-not-allowed',
      '"10.0.0.5"': '403 peer-not-allowed',
      '[2001:db8::5]': '403 peer-not-allowed',
      '10.0.0.5,': '403 peer-not-allowed',
      unknown: '403 peer-not-allowed',
      '': '403 peer-not-allowed',
      '2001:db8::6%lo': '403 peer-not-allowed',
    }
    for (const [chain, expected] of Object.entries(chains)) {
      expect([chain, await via('127.0.0.1', chain)]).toEqual([chain, expected])
      expect([chain, await via('::ffff:10.9.0.1', chain)]).toEqual([chain, expected])
    }
  })

  it('without the header, or with proxies alone in it, the proxy itself is the client', async () => {
    expect(await fromPeer(accept, '127.0.0.1')).toBe('403 peer-not-allowed')
    expect(await via('127.0.0.1', '10.9.1.1, 127.0.0.1')).toBe('403 peer-not-allowed')
    const open = { ...accept, allowedPeers: [range('127.0.0.1', 32)] }
    expect(await fromPeer(open, '127.0.0.1')).toBe('200')
    expect(await fromPeer(open, '::ffff:127.0.0.1', { 'x-forwarded-for': '10.9.1.1' })).toBe('200')
  })

  it('a peer that is no trusted proxy speaks for itself alone', async () => {
    expect(await via('10.8.0.1', '10.0.0.5')).toBe('403 peer-not-allowed')
    expect(await via('10.0.0.5', '6.6.6.6')).toBe('200')
  })

  it('a refusal does not repeat what it was sent at length', async () => {
    const { app } = testBridge({ accept })
    const answer = await ask(app, '/', { headers: { 'x-forwarded-for': 'x'.repeat(4000) } })
    expect(outcome(answer)).toBe('403 peer-not-allowed')
    expect(JSON.stringify(answer.body).length).toBeLessThan(200)
  })
})

describe('F39 the Host', () => {
  async function withHost(
    host: string,
    options: BridgeOptions = {},
    localAddress = '127.0.0.1',
  ): Promise<string> {
    const { app, device } = testBridge(options)
    const asked = { headers: { host }, localAddress }
    const answer = outcome(await askSignature(app, TZ3, operation(), asked))
    if (answer !== '200') expect(device.touches).toEqual([])
    return answer
  }

  it.each([
    'localhost',
    'localhost:6732',
    'localhost:1',
    'LOCALHOST:6732',
    'LocalHost',
    '127.0.0.1',
    '127.0.0.1:6732',
    '[::1]',
    '[::1]:6732',
    '[0:0:0:0:0:0:0:1]:6732',
  ])('%s is one of the loopback names', async (host) => {
    expect(await withHost(host)).toBe('200')
  })

  it.each([
    'evil.example',
    'evil.example:6732',
    'localhost.evil.example',
    'evil.localhost',
    'localhost.',
    'localhost, evil.example',
    '127.0.0.2',
    '10.0.0.5',
    '[::2]',
    '[::1',
    '::1',
    '',
    ' ',
    '%zz',
    'localhost:99999',
    'x'.repeat(4000),
  ])('%s is refused', async (host) => {
    expect(await withHost(host)).toBe('403 host-not-allowed')
  })

  it('may be the address that the request came in at', async () => {
    expect(await withHost('10.0.0.5:6732', {}, '10.0.0.5')).toBe('200')
    expect(await withHost('10.0.0.5:6732', {}, '::ffff:10.0.0.5')).toBe('200')
    expect(await withHost('[2001:db8::5]:6732', {}, '2001:db8::5')).toBe('200')
    expect(await withHost('10.0.0.5', {}, '10.0.0.6')).toBe('403 host-not-allowed')
  })

  it('may be a name of server.allowed_hosts, in any case, and no other', async () => {
    const options = { accept: { allowedHosts: ['Signer.Example', 'baker'] } }
    for (const host of ['signer.example', 'SIGNER.example:443', 'baker:6732', 'localhost']) {
      expect(await withHost(host, options)).toBe('200')
    }
    for (const host of ['x.signer.example', 'signer.example.org', 'signer', 'baker.']) {
      expect([host, await withHost(host, options)]).toEqual([host, '403 host-not-allowed'])
    }
  })

  it('is that of the URL where there is no header', async () => {
    const { app } = testBridge()
    const env = { incoming: { socket: { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' } } } as never
    expect((await app.request('http://localhost:6732/', {}, env)).status).toBe(200)
    expect((await app.request('http://evil.example/', {}, env)).status).toBe(403)
  })

  it('is refused on every path, with a short message', async () => {
    const { app } = testBridge({ knownKeys: true })
    for (const path of ['/', '/authorized_keys', '/known_keys', `/keys/${TZ3}`, '/nothing']) {
      const answer = await ask(app, path, { headers: { host: `${'x'.repeat(4000)}.example` } })
      expect([path, outcome(answer)]).toEqual([path, '403 host-not-allowed'])
      expect(JSON.stringify(answer.body).length).toBeLessThan(300)
    }
  })
})

describe('F39 an Origin', () => {
  it.each(['http://evil.example', 'http://localhost:6732', 'null', ''])('%s is refused', async (origin) => {
    const { app, device } = testBridge()
    const answer = await askSignature(app, TZ3, operation(), { headers: { origin } })
    expect(outcome(answer)).toBe('403 origin-not-allowed')
    expect(outcome(await ask(app, `/keys/${TZ3}`, { headers: { origin } }))).toBe('403 origin-not-allowed')
    expect(device.touches).toEqual([])
  })

  it('is not let through by a preflight, and no answer opens the bridge to pages', async () => {
    const { app } = testBridge()
    const headers = { origin: 'http://evil.example', 'access-control-request-method': 'POST' }
    const answer = await ask(app, `/keys/${TZ3}`, { method: 'OPTIONS', headers })
    expect(outcome(answer)).toBe('403 origin-not-allowed')
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    expect((await ask(app, '/')).headers.get('access-control-allow-origin')).toBeNull()
  })
})
