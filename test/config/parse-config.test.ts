import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/index.js'
import { AUTH, KEY_SECTION, OTHER_TZ1, parse, refusal, TZ1, TZ2, TZ3, withKey } from './fixture.js'

const OLD = new URL('../vectors/tezio-signer-config.yaml', import.meta.url)
const LOOPBACK = [
  { family: 'ipv4', address: '127.0.0.0', prefixLength: 8 },
  { family: 'ipv6', address: '::1', prefixLength: 128 },
]

function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return true
  return Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen)
}

describe('a Tezio Signer config.yaml', () => {
  const config = parse(readFileSync(OLD, 'utf8'))

  test('works unchanged, without a warning', () => {
    expect(config.warnings).toEqual([])
    expect(config.keys.map((key) => [key.publicKeyHash, key.curveAlias, key.allowedMagicBytes])).toEqual([
      [TZ1, 1, [0x03]],
      [TZ2, 2, [0x03]],
      [TZ3, 3, [0x03, 0x11, 0x12, 0x13]],
    ])
    expect(config.keys.every((key) => key.requiresAuthentication)).toBe(true)
    expect(config.authenticationKey).toEqual({
      ...{ publicKeyHash: AUTH, devices: ['board'], publicKey: undefined, verify: 'host' },
    })
    expect(config.allowedPeers).toEqual([{ family: 'ipv4', address: '127.0.0.1', prefixLength: 32 }])
    expect(config.seeds).toEqual({
      block: { level: 0, round: 0 },
      preattestation: { level: 0, round: 0 },
      attestation: { level: 0, round: 0 },
    })
    expect(config.logLevel).toBe('info')
  })

  test('is deeply frozen once read', () => {
    expect(isDeeplyFrozen(config)).toBe(true)
  })

  test('is the same in another line-end style, behind a byte order mark (F43)', () => {
    const text = readFileSync(OLD, 'utf8')
    expect(parse(`\ufeff${text.replaceAll('\n', '\r\n')}`)).toEqual(config)
  })

  test('may write its switches as PyYAML reads them', () => {
    const text = readFileSync(OLD, 'utf8').replaceAll('True', 'yes').replace('verbose: False', 'verbose: On')
    expect(parse(text)).toEqual({ ...config, logLevel: 'debug' })
  })

  test('may share rules between keys by anchors and merge keys', () => {
    const shared = '{<<: &rules {allowed_ops: [3], auth_req: false}}'
    const config = parse(`policy: {signing_keys: {${TZ1}: ${shared}, ${TZ2}: {<<: *rules, auth_req: true}}}
security: {auth_check: false}`)
    expect(config.keys.map((key) => key.allowedMagicBytes)).toEqual([[3], [3]])
  })
})

test('one key and its rules are enough, and every default is the safe one', () => {
  expect(parse(KEY_SECTION)).toEqual({
    file: '/etc/tezio/config.yaml',
    devices: [{ kind: 'tezio', name: 'board', port: 'auto', serialNumber: undefined, timeoutMs: 1500 }],
    returnAfterMs: 60_000,
    server: {
      listen: { host: '127.0.0.1', port: 6732 },
      allowedHosts: [],
      knownKeys: false,
      pathPrefix: 'any',
      queueTimeoutMs: 4000,
      trustedProxies: [],
      transport: 'plain',
      tls: undefined,
      tokenHeader: 'x-tezio-token',
    },
    admin: { listen: { host: '127.0.0.1', port: 6733 } },
    allowedPeers: LOOPBACK,
    chains: ['NetXdQprcVkpaWU'],
    marks: { maxLevelGap: 14_400, shared: undefined },
    stateDir: '/etc/tezio/state',
    keys: [
      {
        publicKeyHash: TZ1,
        curve: 'ed25519',
        devices: ['board'],
        curveAlias: 1,
        publicKey: undefined,
        allowedMagicBytes: [3],
        allow: undefined,
        chains: ['NetXdQprcVkpaWU'],
        requiresAuthentication: false,
        clients: undefined,
      },
    ],
    authenticationKey: undefined,
    authorizedKeys: [],
    clients: [],
    seeds: undefined,
    logLevel: 'info',
    warnings: [],
  })
})

test('sections with nothing in them are as good as absent', () => {
  expect(withKey('server:\ndevice:\nadmin:\nmarks:\nsecurity:\nhigh_water_marks:\n')).toEqual(
    parse(KEY_SECTION),
  )
})

describe('chains', () => {
  test.each([
    ['chains: ghostnet', ['NetXnHfVqm9iesp']],
    ['chains: [mainnet, NetXdQprcVkpaWU]', ['NetXdQprcVkpaWU']],
    ['chains: [NetXsqzbfFenSTS, mainnet]', ['NetXsqzbfFenSTS', 'NetXdQprcVkpaWU']],
  ])('%s is read as ids, each once, for every key', (text, expected) => {
    const config = withKey(text)
    expect(config.chains).toEqual(expected)
    expect(config.keys[0]?.chains).toEqual(expected)
  })

  test.each([
    ['chains: []', 'no chain is listed'],
    ['chains: mainet', '"mainet" is not a chain (did you mean "mainnet"?)'],
    ['chains: [NetXdQprcVkpaWV]', '"NetXdQprcVkpaWV" is not a chain'],
    ['chains: 3', '3 is not a list'],
    ['chains:', 'nothing is not a list'],
  ])('%s is refused', (text, message) => {
    expect(refusal(() => withKey(text)).message).toContain(message)
  })
})

describe('the state folder', () => {
  test.each([
    ['is the default where nothing is said', '', undefined, '/etc/tezio/state'],
    ["starts at the file's folder", 'state_dir: ../marks', undefined, '/etc/marks'],
    ['may be absolute', 'state_dir: /var/lib/marks', undefined, '/var/lib/marks'],
    ["is the caller's before the file's", 'state_dir: /var/lib/marks', '/srv/marks', '/srv/marks'],
  ])('%s', (_, text, stateDir, expected) => {
    expect(parse(KEY_SECTION + text, stateDir).stateDir).toBe(expected)
  })

  test.each(['~/marks', '""', '7'])('is not guessed from %s', (value) => {
    expect(refusal(() => withKey(`state_dir: ${value}`)).message).toContain("is not a folder's path")
  })
})

describe('numbers and switches in their ranges', () => {
  test('are taken as they are', () => {
    const config = withKey(`device: {port: /dev/ttyACM7, serial_number: "0042", timeout_ms: 200}
server: {queue_timeout_ms: 30000, known_keys: true, allowed_hosts: [Signer.Example.org, "::1"]}
marks: {max_level_gap: 2147483647}
verbose: true`)
    expect(config.devices).toEqual([
      { kind: 'tezio', name: 'board', port: '/dev/ttyACM7', serialNumber: '0042', timeoutMs: 200 },
    ])
    expect(config.server).toMatchObject({ queueTimeoutMs: 30_000, knownKeys: true })
    expect(config.server.allowedHosts).toEqual(['signer.example.org', '::1'])
    expect(config.marks.maxLevelGap).toBe(2_147_483_647)
    expect(config.logLevel).toBe('debug')
  })

  test.each(['off', '"off"', 'false', 'OFF'])('max_level_gap: %s switches the gap rule off', (value) => {
    expect(withKey(`marks: {max_level_gap: ${value}}`).marks.maxLevelGap).toBe('off')
  })

  test.each([
    ['device: {timeout_ms: 199}', '199 is not a whole number from 200 to 10000 (milliseconds)'],
    ['device: {timeout_ms: 10001}', '10001 is not a whole number'],
    ['device: {timeout_ms: 300.5}', '300.5 is not a whole number'],
    ['device: {timeout_ms: "300"}', '"300" is not a whole number'],
    ['device: {timeout_ms: .nan}', 'NaN is not a whole number'],
    ['device: {port: ttyACM0}', '"ttyACM0" is not a port; write auto'],
    ['device: {serial_number: 1234}', '1234 is not text; write it in quotes'],
    ['server: {queue_timeout_ms: 99}', '99 is not a whole number from 100 to 30000'],
    ['server: {queue_timeout_ms: 30001}', '30001 is not'],
    ['server: {known_keys: 1}', '1 is not a switch; write true or false'],
    ['server: {allowed_hosts: ["https://a.b"]}', 'is not a host name'],
    ['server: {allowed_hosts: ["a.b:80"]}', 'is not a host name'],
    ['server: {allowed_hosts: a.b}', '"a.b" is not a list'],
    ['marks: {max_level_gap: 0}', '0 is not a number of levels from 1 to 2147483647'],
    ['marks: {max_level_gap: on}', 'true is not a number of levels'],
    ['marks: 7', '7 is not a mapping of keys'],
    ['verbose: "yes"', '"yes" is not a switch'],
  ])('%s is refused', (text, message) => {
    const error = refusal(() => withKey(text))
    expect(error.code).toBe('invalid')
    expect(error.message).toContain(message)
    expect(error.problems[0]?.line).toBe(2)
  })
})

describe('seeds', () => {
  const of = (text: string) => withKey(`high_water_marks: ${text}`).seeds

  test('take numbers, hex keys in quotes and decimal keys alike; a missing round is 0', () => {
    expect(of('{level: {0x11: 5, "0x12": 6, 19: 2147483647}, round: {0X13: 2}}')).toEqual({
      block: { level: 5, round: 0 },
      preattestation: { level: 6, round: 0 },
      attestation: { level: 2_147_483_647, round: 2 },
    })
  })

  test.each([
    ['{level: {0x11: 5, 0x13: 6}}', 'high_water_marks.level: 0x12 (preattestation) has no level'],
    ['{}', '0x11 (block) has no level'],
    ['{level: {0x11: 5, 17: 5, 0x12: 1, 0x13: 1}}', ': is 0x11 once more; remove one of them'],
    ['{level: {0x14: 5}}', 'level.0x14: is not a byte with a mark'],
    ['{level: {block: 5}}', 'level.block: is not a byte with a mark'],
    ['{level: {0x11: -1}}', 'level.0x11: -1 is not a whole number from 0 to 2147483647'],
    ['{level: {0x11: 2147483648}}', '2147483648 is not a whole number'],
    ['{level: {0x11: }}', 'level.0x11: nothing is not a whole number'],
    ['{round: {0x11: 1}, levle: {}}', 'high_water_marks.levle: is not a known key'],
  ])('%s is refused', (text, message) => {
    expect(refusal(() => of(text)).message).toContain(message)
  })
})

test('every problem is named at once, each with its own line', () => {
  const error = refusal(() => parse('verbose: 1\nserver:\n  listen: 5000\npolicy:\n  keys: {}\n'))
  expect(error.problems.map(({ line, path }) => [line, path])).toEqual([
    [1, 'verbose'],
    [5, 'policy.keys'],
    [3, 'server.listen'],
  ])
  expect(error.message.split('\n')[0]).toBe(
    '/etc/tezio/config.yaml:1: verbose: 1 is not a switch; write true or false',
  )
})

test('a file without signing keys is refused', () => {
  for (const text of ['verbose: true', 'policy:', 'policy: {signing_keys: {}}', 'policy: {signing_keys: }']) {
    expect(refusal(() => parse(text)).message).toContain('policy.signing_keys: no signing key is given')
  }
})

test('a second key for one place on the device is refused', () => {
  const keys = `{${TZ1}: {allowed_ops: [3]}, ${OTHER_TZ1}: {allowed_ops: [3]}}`
  expect(refusal(() => parse(`policy: {signing_keys: ${keys}}`)).message).toContain(
    'takes place 1 on the device',
  )
})

test('a file is loaded from disk with the state folder beside it', () => {
  const file = OLD.pathname
  expect(loadConfig(file).stateDir).toBe(file.replace('tezio-signer-config.yaml', 'tezio-bridge-state'))
  expect(loadConfig(file, { stateDir: '/srv/marks' }).stateDir).toBe('/srv/marks')
})
