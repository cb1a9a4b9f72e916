import { describe, expect, it } from 'vitest'
import { clientAddress, peerSet, unmapped } from '../../src/server/peers.js'

describe('unmapped', () => {
  it.each([
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:10.0.0.1', '10.0.0.1'],
    ['10.0.0.1', '10.0.0.1'],
    ['::1', '::1'],
    ['::ffff:10.0.0.256', '::ffff:10.0.0.256'],
    ['::ffff:', '::ffff:'],
    ['::ffff:0:1', '::ffff:0:1'],
    ['x::ffff:10.0.0.1', 'x::ffff:10.0.0.1'],
    ['', ''],
  ])('%s is %s', (address, expected) => {
    expect(unmapped(address)).toBe(expected)
  })
})

describe('a set of peers', () => {
  it('holds both ends of its ranges and nothing beside them', () => {
    const set = peerSet([{ family: 'ipv4', address: '10.0.0.4', prefixLength: 30 }])
    const addresses = ['10.0.0.3', '10.0.0.4', '10.0.0.7', '10.0.0.8']
    expect(addresses.map(set.has)).toEqual([false, true, true, false])
  })

  it('holds an IPv4 address in each form that IPv6 has for it', () => {
    const set = peerSet([{ family: 'ipv4', address: '10.0.0.0', prefixLength: 8 }])
    expect(['::ffff:10.1.1.1', '::ffff:a01:101', '0:0:0:0:0:ffff:a01:101'].map(set.has)).toEqual([
      true,
      true,
      true,
    ])
    expect(['::ffff:b01:101', '::a01:101'].map(set.has)).toEqual([false, false])
  })

  it('does not take an IPv6 address for an IPv4 one that looks like it', () => {
    const set = peerSet([{ family: 'ipv6', address: '::1', prefixLength: 128 }])
    expect(['::1', '0.0.0.1', '127.0.0.1'].map(set.has)).toEqual([true, false, false])
  })

  it.each([
    '',
    'localhost',
    '10.0.0.1/8',
    '10.0.0.1 ',
    '010.0.0.1',
    '10.1',
    '1',
    '::g',
    '[::1]',
    '10.0.0.1\n',
  ])('does not hold %j, whatever it allows', (text) => {
    const all = [
      { family: 'ipv4' as const, address: '0.0.0.0', prefixLength: 0 },
      { family: 'ipv6' as const, address: '::', prefixLength: 0 },
    ]
    expect([peerSet('any').has(text), peerSet(all).has(text), peerSet([]).has(text)]).toEqual([
      false,
      false,
      false,
    ])
  })

  it('of nobody is empty', () => {
    expect(['127.0.0.1', '::1'].map(peerSet([]).has)).toEqual([false, false])
  })
})

describe('the client of a request', () => {
  const proxies = peerSet([{ family: 'ipv4', address: '10.0.0.0', prefixLength: 8 }])

  it.each([
    ['1.1.1.1', undefined, '1.1.1.1'],
    ['1.1.1.1', '2.2.2.2', '1.1.1.1'],
    ['::ffff:1.1.1.1', '2.2.2.2', '1.1.1.1'],
    ['10.0.0.1', undefined, '10.0.0.1'],
    ['10.0.0.1', '2.2.2.2', '2.2.2.2'],
    ['::ffff:10.0.0.1', '2.2.2.2', '2.2.2.2'],
    ['10.0.0.1', '3.3.3.3, ::ffff:2.2.2.2 ,10.0.0.2', '2.2.2.2'],
    ['10.0.0.1', '10.0.0.3,10.0.0.2', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.3,::ffff:10.0.0.2', '10.0.0.1'],
    ['10.0.0.1', '2.2.2.2,', ''],
    ['10.0.0.1', '', ''],
  ])('at %s that forwards for %j is %j', (peer, forwardedFor, expected) => {
    expect(clientAddress(peer, forwardedFor, proxies)).toBe(expected)
  })

  it('is the peer itself where no proxy is trusted', () => {
    expect(clientAddress('127.0.0.1', '2.2.2.2', peerSet([]))).toBe('127.0.0.1')
  })
})
