import { bls12_381 } from '@noble/curves/bls12-381.js'
import { describe, expect, test } from 'vitest'
import { showConfig } from '../../src/config/index.js'
import { encodeBase58, authenticationKeyHash, decodeAuthenticationKey } from '../../src/tezos/index.js'
import { AUTH, parse, PUBLIC_KEY, refusal, TZ1, TZ3 } from './fixture.js'

const BLPK = encodeBase58('BLpk', bls12_381.longSignatures.getPublicKey(new Uint8Array(32).fill(3)).toBytes())
const TZ4 = authenticationKeyHash(decodeAuthenticationKey(BLPK)!)
const EDPK = 'edpkuAhkJ81xGyf4PcmRMHLSaQGbDEpkGhNbcjNVnKWKR8kqkgQR3f'
const ED = 'tz1iD5nmudc4QtfNW14WWaiP7JEDuUHnbXuv'
const FINGERPRINT = 'AB:'.repeat(31) + 'AB'

const withPolicy = (lines: string, key = '', top = '') =>
  parse(`policy:\n  signing_keys: {${TZ3}: {allowed_ops: [0x03]${key}}}\n${lines}\n${top}`)
const said = (lines: string, key = '', top = '') => refusal(() => withPolicy(lines, key, top)).message
const CA = 'server: {tls: {cert: a.crt, key: a.key, client_ca: ca.crt}}'

describe('who may ask', () => {
  test('is read in the file’s order, and requests must prove it by then', () => {
    const config = withPolicy(
      `  auth_key: {pkh: ${AUTH}, verify: device}
  authorized_keys: [${BLPK}, ${EDPK}]
  clients:
    baker: {certificate: baker.example.org}
    pinned: {certificate: "${FINGERPRINT}"}
    script: {token_file: token, public_key: ${PUBLIC_KEY[TZ1]}}`,
      `, clients: [script, ${AUTH}, ${TZ4}]`,
      CA,
    )
    expect(config.authorizedKeys.map(authenticationKeyHash)).toEqual([TZ4, ED])
    expect(config.authenticationKey).toMatchObject({ verify: 'device' })
    expect(config.clients).toMatchObject([
      { name: 'baker', certificate: { kind: 'common-name', value: 'baker.example.org' } },
      { name: 'pinned', certificate: { kind: 'fingerprint', value: 'ab'.repeat(32) } },
      { name: 'script', tokenFile: '/etc/tezio/token', publicKey: { curve: 'ed25519' } },
    ])
    expect(config.keys[0]).toMatchObject({ requiresAuthentication: true, clients: ['script', AUTH, TZ4] })
    expect(config.server.transport).toBe('mutual-tls')
    // What is shown, read again, means the same; a token is not read for it.
    expect(parse(showConfig(config), '/etc/tezio/state')).toEqual({ ...config, warnings: [] })
  })

  test.each([
    [`  authorized_keys: [${EDPK}]`],
    ['  clients: {script: {token_file: token}}'],
    [`  auth_key: {pkh: ${AUTH}}`],
  ])('%s makes every key ask for it, unless the key says otherwise', (lines) => {
    expect(withPolicy(lines).keys[0]?.requiresAuthentication).toBe(true)
    expect(withPolicy(lines, ', auth_req: false').keys[0]?.requiresAuthentication).toBe(false)
  })

  test.each([
    [
      '  authorized_keys: [edpkNONSENSE]',
      '',
      'policy.authorized_keys[0]: "edpkNONSENSE" is not a public key',
    ],
    ['  auth_key: {verify: device}', '', 'policy.auth_key.verify: device is said of no key; add pkh'],
    [
      `  auth_key: {pkh: ${AUTH}, verify: board}`,
      '',
      '"board" is neither host nor device; write one of them',
    ],
    [`  authorized_keys: [${EDPK}, ${EDPK}]`, '', `${ED} stands in policy.authorized_keys[0] already`],
    [
      `  auth_key: {pkh: ${AUTH}}\n  authorized_keys: [${PUBLIC_KEY[AUTH]}]`,
      '',
      `${AUTH} stands in policy.auth_key already; remove one of them`,
    ],
    [
      `  authorized_keys: [${PUBLIC_KEY[TZ3]}]`,
      '',
      'is also in policy.authorized_keys; requests are authenticated by',
    ],
    [
      '  clients: {script: {}}',
      '',
      'policy.clients.script: proves itself by nothing; add public_key, certificate',
    ],
    ['  clients: {"a b": {token_file: t}}', '', "is not a client's name; write at most 63 letters"],
    [`  clients: {${ED}: {token_file: t}}`, '', 'and no address'],
    [
      '  clients: {baker: {certificate: baker}}',
      '',
      'is never asked for without server.tls.client_ca; name the CA',
    ],
    ['  clients: {b: {certificate: "AB:CD"}}', '', 'is a fingerprint of 2 bytes, and SHA-256 has 32'],
    ['  clients: {b: {certificate: ""}}', '', 'names no certificate; write its SHA-256 fingerprint'],
    ['  clients: {b: {token_file: "~/t"}}', '', '"~/t" is not a file\'s path; write an absolute path'],
    [
      '  clients: {script: {token_file: t}}',
      ', clients: [skript]',
      '"skript" is no client (did you mean "script"?)',
    ],
    ['  clients: {script: {token_file: t}}', ', clients: []', 'lists nobody; name who may ask'],
    ['', ', clients: [script], auth_req: false', 'cannot be enforced with auth_req: false'],
    [
      '',
      ', clients: [script]',
      'cannot be enforced with security.auth_check: false',
      'security: {auth_check: false}',
    ],
  ])('%s %s is refused in words', (lines, key, words, top = '') => {
    expect(said(lines, key, top)).toContain(words)
  })

  test('two clients cannot have one certificate', () => {
    const two = '  clients: {a: {certificate: baker}, b: {certificate: baker}}'
    expect(said(two, '', CA)).toContain('policy.clients.b.certificate: is also that of a; remove one of them')
  })

  test('a Tezio Signer’s file without any of it asks for nothing more than before', () => {
    expect(withPolicy('').keys[0]).toMatchObject({ requiresAuthentication: false, clients: undefined })
  })
})

describe('server.tls', () => {
  test('begins relative paths at the configuration’s folder', () => {
    expect(withPolicy('', '', 'server: {tls: {cert: tls/a.crt, key: /b.key}}').server).toMatchObject({
      transport: 'tls',
      tls: { certFile: '/etc/tezio/tls/a.crt', keyFile: '/b.key', clientCaFile: undefined },
    })
  })

  test.each([
    [
      'server: {tls: {cert: a}}',
      "server.tls.key: is missing, and TLS needs the certificate's key; name the file",
    ],
    ['server: {tls: {key: a}}', 'server.tls.cert: is missing, and TLS needs a certificate'],
    ['server: {tls: {crt: a}}', 'server.tls.crt: is not a known key in server.tls (did you mean "cert"?)'],
    [
      'server: {token_header: authorization}',
      '"authorization" is not a header that Octez sends; write a name that begins with x-',
    ],
  ])('%s is refused in words', (top, words) => {
    expect(said('', '', top)).toContain(words)
  })

  test('is missed where a token would cross a network in the clear', () => {
    const lines = '  clients: {script: {token_file: token}}'
    const listen = 'listen: "10.0.0.5:6732"'
    expect(withPolicy(lines, '', `server: {${listen}}`).warnings.join()).toContain(
      'can take the token of script',
    )
    expect(withPolicy(lines, '', `server: {${listen}, tls: {cert: a, key: b}}`).warnings).toEqual([])
  })

  test('with client_ca lets nobody in who is not known, so keys without authentication are not warned of', () => {
    const server = (tls: string) => `server: {listen: "10.0.0.5:6732", tls: {cert: a, key: b${tls}}}`
    expect(withPolicy('', '', server('')).warnings.join()).toContain('sign without authentication')
    expect(withPolicy('', '', server(', client_ca: c')).warnings).toEqual([])
  })
})
