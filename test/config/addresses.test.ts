import { describe, expect, test } from 'vitest'
import { oneKey, parse, refusal, TZ1, withKey } from './fixture.js'

const range = (family: string, address: string, prefixLength: number) => ({ family, address, prefixLength })

describe('address ranges', () => {
  test.each([
    ['10.0.0.1', range('ipv4', '10.0.0.1', 32)],
    ['10.0.0.0/8', range('ipv4', '10.0.0.0', 8)],
    ['0.0.0.0/0', range('ipv4', '0.0.0.0', 0)],
    ['255.255.255.255/32', range('ipv4', '255.255.255.255', 32)],
    ['::ffff:10.0.0.1', range('ipv4', '10.0.0.1', 32)],
    ['::FFFF:0a00:0001', range('ipv4', '10.0.0.1', 32)],
    ['::ffff:10.0.0.0/104', range('ipv4', '10.0.0.0', 8)],
    ['::ffff:0:0/96', range('ipv4', '0.0.0.0', 0)],
    ['0:0:0:0:0:0:0:1', range('ipv6', '::1', 128)],
    ['::/0', range('ipv6', '::', 0)],
    ['2001:DB8:0:0::/32', range('ipv6', '2001:db8::', 32)],
    ['fe80::1', range('ipv6', 'fe80::1', 128)],
    ['1:0:0:2::3', range('ipv6', '1:0:0:2::3', 128)],
  ])('F38 %s is kept in its one canonical form', (text, expected) => {
    expect(withKey(`allowed_ips: ["${text}"]`).allowedPeers).toEqual([expected])
    expect(withKey(`server: {trusted_proxies: ["${text}"]}`).server.trustedProxies).toEqual([expected])
  })

  test.each([
    ['10.0.0.1/24', 'write 10.0.0.0/24 for the network, or 10.0.0.1 for the one host'],
    ['2001:db8::1/64', 'write 2001:db8::/64 for the network'],
    ['::ffff:10.0.0.1/120', 'write 10.0.0.0/24 for the network'],
    ['::ffff:10.0.0.0/90', 'write ::ffc0:0:0/90 for the network'],
    ['10.0.0.0/33', 'the prefix length of "10.0.0.0/33" is over 32'],
    ['::/129', 'is over 128'],
    ['10.0.0.256', 'is not an IP address or CIDR range'],
    ['010.0.0.1', 'is not an IP address'],
    ['10.0.0', 'is not an IP address'],
    ['10.0.0.0/', 'is not an IP address'],
    ['10.0.0.0/-1', 'is not an IP address'],
    ['10.0.0.0/8/8', 'is not an IP address'],
    ['fe80::1%eth0', 'is not an IP address'],
    ['localhost', 'is not an IP address'],
    [' 10.0.0.1', 'is not an IP address'],
    ['', 'is not an IP address'],
  ])('F43 %j is refused with its line and the remedy', (text, message) => {
    const error = refusal(() => withKey(`allowed_ips:\n  - 127.0.0.1\n  - "${text}"`))
    expect(error.problems).toMatchObject([{ line: 4, path: 'allowed_ips[1]' }])
    expect(error.message).toContain(message)
  })

  test('a bare address instead of a list, and no value at all, are refused', () => {
    expect(refusal(() => withKey('allowed_ips: 10.0.0.1')).message).toContain('"10.0.0.1" is not a list')
    expect(refusal(() => withKey('allowed_ips:')).message).toContain('nothing is not a list')
    expect(refusal(() => withKey('allowed_ips: [10]')).message).toContain('10 is not an IP address')
  })
})

describe('the peers that may ask', () => {
  const given = [range('ipv4', '10.0.0.1', 32)]
  const loopback = [range('ipv4', '127.0.0.0', 8), range('ipv6', '::1', 128)]

  test.each([
    ['neither is said', '', loopback, 0],
    ['the check is on without a list', 'security: {remote_ip_check: true}', loopback, 0],
    ['a list is given', 'allowed_ips: [10.0.0.1]', given, 0],
    ['both are given', 'allowed_ips: [10.0.0.1]\nsecurity: {remote_ip_check: true}', given, 0],
    ['the list is empty', 'allowed_ips: []', [], 1],
    ['the check is off', 'security: {remote_ip_check: false}', 'any', 1],
    ['the check is off beside a list', 'allowed_ips: [10.0.0.1]\nsecurity: {remote_ip_check: no}', 'any', 1],
  ])('are the right ones where %s', (_, text, expected, warnings) => {
    const config = withKey(text)
    expect(config.allowedPeers).toEqual(expected)
    expect(config.warnings).toHaveLength(warnings)
  })
})

describe('listen addresses', () => {
  test.each([
    ['127.0.0.1:5000', { host: '127.0.0.1', port: 5000 }],
    ['localhost:65535', { host: 'localhost', port: 65_535 }],
    ['127.1.2.3:0', { host: '127.1.2.3', port: 0 }],
    ['[::1]:6732', { host: '::1', port: 6732 }],
    ['[0:0:0:0:0:0:0:1]:6732', { host: '::1', port: 6732 }],
    ['[::ffff:127.0.0.1]:6732', { host: '127.0.0.1', port: 6732 }],
  ])('%s is taken', (text, expected) => {
    const config = withKey(`server: {listen: "${text}"}\nadmin: {listen: "127.0.0.1:9"}`)
    expect(config.server.listen).toEqual(expected)
    expect(config.warnings).toEqual([])
  })

  test.each([
    ['127.0.0.1:70000', 'port 70000 of "127.0.0.1:70000" is out of range 0 to 65535'],
    ['127.0.0.1:65536', 'is out of range'],
    ['127.0.0.1', 'is not HOST:PORT'],
    ['127.0.0.1:', 'is not HOST:PORT'],
    [':6732', 'is neither an IP address nor "localhost"'],
    ['::1:6732', 'is not HOST:PORT'],
    ['[127.0.0.1]:6732', 'is neither an IP address'],
    ['[fe80::1%eth0]:6732', 'is neither an IP address'],
    ['signer.example.org:6732', 'is neither an IP address'],
    ['http://127.0.0.1:6732', 'is not HOST:PORT'],
    ['127.0.0.1:-1', 'is not HOST:PORT'],
  ])('F43 %s is refused', (text, message) => {
    for (const section of ['server', 'admin']) {
      const error = refusal(() => withKey(`${section}:\n  listen: "${text}"`))
      expect(error.problems).toMatchObject([{ line: 3, path: `${section}.listen` }])
      expect(error.message).toContain(message)
    }
  })

  test('a port alone is refused', () => {
    expect(refusal(() => withKey('server: {listen: 6732}')).message).toContain('6732 is not HOST:PORT')
  })

  test.each([
    ['127.0.0.1:7000', '127.0.0.1:7000'],
    ['127.0.0.1:7000', '[::ffff:127.0.0.1]:7000'],
    ['0.0.0.0:7000', '127.0.0.1:7000'],
  ])('%s and %s are refused together', (listen, admin) => {
    const error = refusal(() => withKey(`server: {listen: "${listen}"}\nadmin: {listen: "${admin}"}`))
    expect(error.problems).toMatchObject([{ line: 3, path: 'admin.listen' }])
    expect(error.message).toContain('take the same port')
  })

  test("a port that is the other listener's default is refused where it is written", () => {
    const error = refusal(() => withKey('server: {listen: "127.0.0.1:6733"}'))
    expect(error.problems).toMatchObject([{ line: 2, path: 'server.listen' }])
  })

  test.each([
    ['127.0.0.1:0', '127.0.0.1:0'],
    ['127.0.0.1:7000', '127.0.0.1:7001'],
    ['127.0.0.1:7000', '[::1]:7000'],
  ])('%s and %s are fine together', (listen, admin) => {
    expect(withKey(`server: {listen: "${listen}"}\nadmin: {listen: "${admin}"}`).warnings).toEqual([])
  })

  test('open to other machines without authentication are worth a warning each', () => {
    const { warnings } = withKey('server: {listen: "0.0.0.0:7000"}\nadmin: {listen: "[::]:7001"}')
    expect(warnings).toEqual([
      expect.stringContaining(`these keys sign without authentication: ${TZ1}`),
      expect.stringContaining('admin.listen [::]:7001 is reached from other machines'),
    ])
  })

  test('open to other machines with authentication are not', () => {
    const auth = '  auth_key: {pkh: tz3QaGkVCH9iVy4Rh7fQJobiQnc4yJpQKoMJ}\nserver: {listen: "10.0.0.1:7000"}'
    expect(oneKey(TZ1, 'allowed_ops: [3]', auth).warnings).toEqual([])
  })
})

test('an IPv6 address out of quotes is refused as YAML, with the advice to quote it', () => {
  const error = refusal(() => parse('server:\n  listen: [::1]:6732'))
  expect(error.message).toContain('in quotes')
})
