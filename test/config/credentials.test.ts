import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { parseConfig, readCredentials } from '../../src/config/index.js'
import { Authority, openssl, type Identity } from '../certificates.js'
import { whyMissing } from '../debian-package.js'
import { KEY_SECTION, refusal, TZ1 } from './fixture.js'

const missing = whyMissing('openssl')
const folder = mkdtempSync(join(tmpdir(), 'tezio-credentials-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const DAY = 24 * 60 * 60 * 1000
const soon = (days: number) => new Date(Date.now() + days * DAY)
const at = (name: string) => join(folder, name)
const read = (text: string, now = new Date()) =>
  readCredentials(parseConfig(text, { file: at('config.yaml'), defaultStateDir: 'state' }), now)
const withTls = (more = '') => `${KEY_SECTION}server: {tls: {cert: cert.pem, key: key.pem${more}}}`
const said = (text: string, now?: Date) => refusal(() => read(text, now)).message

describe.skipIf(missing !== '')('the files of server.tls', () => {
  const authority = missing === '' ? new Authority(folder) : undefined
  const good: Identity | undefined = authority?.issue({ name: 'signer' })
  const other = authority?.issue({ name: 'other' })

  beforeEach(() => {
    for (const name of ['cert.pem', 'key.pem', 'ca.pem']) rmSync(at(name), { recursive: true, force: true })
    writeFileSync(at('cert.pem'), good!.cert, { mode: 0o644 })
    writeFileSync(at('key.pem'), good!.key, { mode: 0o640 })
    writeFileSync(at('ca.pem'), authority!.identity.cert, { mode: 0o644 })
  })

  test('are read, chain and all, and tell when the certificate ends', () => {
    writeFileSync(at('cert.pem'), `a comment\n${good!.cert}\n${authority!.identity.cert}`)
    const { tls } = read(withTls(', client_ca: ca.pem'))
    expect(tls).toMatchObject({ key: good!.key, clientCa: authority!.identity.cert })
    expect(Math.abs((tls?.expiresAt.getTime() ?? 0) - soon(30).getTime())).toBeLessThan(DAY / 10)
    expect(tls?.cert).toContain(authority!.identity.cert)
  })

  test('may be links, as certificates that renew themselves are', () => {
    rmSync(at('cert.pem'))
    symlinkSync(good!.certFile, at('cert.pem'))
    expect(read(withTls()).tls?.cert).toBe(good!.cert)
  })

  const writes: readonly (readonly [string, () => void, RegExp])[] = [
    [
      'a certificate that is not there',
      () => {
        rmSync(at('cert.pem'))
      },
      /tls\.cert: cannot be read \(ENOENT.*check the path/,
    ],
    [
      'a folder for a key',
      () => {
        rmSync(at('key.pem'))
        mkdirSync(at('key.pem'))
      },
      /tls\.key: .*key\.pem is no file; name the file itself/,
    ],
    [
      'no PEM for a certificate',
      () => {
        writeFileSync(at('cert.pem'), 'nonsense')
      },
      /tls\.cert: .*holds no certificate in PEM form/,
    ],
    [
      'the key for the certificate',
      () => {
        writeFileSync(at('cert.pem'), good!.key)
      },
      /tls\.cert: .*holds a key and no certificate/,
    ],
    [
      'a broken certificate',
      () => {
        writeFileSync(at('cert.pem'), good!.cert.replace(/M/g, 'N'))
      },
      /tls\.cert: .*holds a certificate that cannot be read/,
    ],
    [
      'the certificate for a key',
      () => {
        writeFileSync(at('key.pem'), good!.cert)
      },
      /tls\.key: .*holds no key in PEM form/,
    ],
    [
      'a broken key',
      () => {
        writeFileSync(at('key.pem'), good!.key.replace(/M/g, 'N'))
      },
      /tls\.key: .*holds a key that cannot be read/,
    ],
    [
      'an encrypted key',
      () => {
        writeFileSync(at('key.pem'), encrypted())
      },
      /tls\.key: .*encrypted key, which is not supported; decrypt it once: openssl pkey/,
    ],
    [
      'another key',
      () => {
        writeFileSync(at('key.pem'), other!.key)
      },
      /tls\.key: .*key\.pem is not the key of the first certificate in .*cert\.pem; name the two/,
    ],
    [
      'a key that anybody may read',
      () => {
        chmodSync(at('key.pem'), 0o644)
      },
      /tls\.key: .*mode 0644: anybody on this machine may read the secret; chmod o-r/,
    ],
    [
      'a key that its group may change',
      () => {
        chmodSync(at('key.pem'), 0o660)
      },
      /tls\.key: .*mode 0660: others than its owner may change it; chmod go-w/,
    ],
    [
      'a certificate that anybody may change',
      () => {
        chmodSync(at('cert.pem'), 0o646)
      },
      /tls\.cert: .*mode 0646: others than its owner may change it/,
    ],
    [
      'no certificate for client_ca',
      () => {
        writeFileSync(at('ca.pem'), 'nonsense')
      },
      /tls\.client_ca: .*holds no certificate in PEM form/,
    ],
    [
      'a file without end',
      () => {
        writeFileSync(at('ca.pem'), 'x'.repeat(300_000))
      },
      /tls\.client_ca: .*larger than 262144 bytes/,
    ],
  ]

  test.each(writes)('with %s are refused in words, and without what stands in them', (_, change, words) => {
    change()
    const text = said(withTls(', client_ca: ca.pem'))
    expect(text).toMatch(words)
    expect(text).toContain(`${at('config.yaml')}: server.tls.`)
    for (const secret of ['nonsense', good!.key.split('\n')[1], good!.cert.split('\n')[1]]) {
      expect(text).not.toContain(secret)
    }
  })

  test('out of date are refused, the certificate and each that leads from it to its authority', () => {
    expect(said(withTls(), soon(31))).toMatch(
      /tls\.cert: .*cert\.pem has expired on \d{4}-.*clients refuse it; renew it/,
    )
    expect(said(withTls(), soon(-2))).toMatch(
      /tls\.cert: .*is not valid before .*, and it is .* here; set this machine's clock/,
    )
    const past = authority!.issue({ name: 'past', from: -9, to: -8 })
    writeFileSync(at('cert.pem'), `${good!.cert}${past.cert}`)
    expect(said(withTls())).toContain('has expired on')
    // A bundle of authorities may hold old ones beside one that counts.
    writeFileSync(at('cert.pem'), good!.cert)
    writeFileSync(at('ca.pem'), `${past.cert}${authority!.identity.cert}`)
    expect(read(withTls(', client_ca: ca.pem')).tls?.clientCa).toContain(past.cert)
    writeFileSync(at('ca.pem'), past.cert)
    expect(said(withTls(', client_ca: ca.pem'))).toMatch(/client_ca: .*has expired/)
  })

  test('that OpenSSL finds too weak are refused with its word for it', () => {
    const weak = authority!.issue({ name: 'weak', algorithm: ['-newkey', 'rsa:512'] })
    writeFileSync(at('cert.pem'), weak.cert)
    writeFileSync(at('key.pem'), weak.key)
    expect(said(withTls())).toMatch(
      /server\.tls: OpenSSL refuses these files \(.*too small.*\); make a new certificate/,
    )
  })

  test('are told all at once', () => {
    rmSync(at('cert.pem'))
    rmSync(at('ca.pem'))
    chmodSync(at('key.pem'), 0o604)
    const lines = said(withTls(', client_ca: ca.pem')).split('\n')
    expect(lines.map((line) => line.split(': ')[1])).toEqual([
      'server.tls.cert',
      'server.tls.key',
      'server.tls.client_ca',
    ])
  })

  function encrypted(): string {
    openssl('pkey', '-in', good!.keyFile, '-aes256', '-passout', 'pass:secret', '-out', at('encrypted'))
    return readFileSync(at('encrypted'), 'utf8')
  }
})

describe('a token file', () => {
  const TOKEN = 'correct-horse-battery-staple'
  const text = `policy:
  signing_keys: {${TZ1}: {allowed_ops: [0x03]}}
  clients: {a: {token_file: one}, b: {token_file: two}}
`
  beforeEach(() => {
    writeFileSync(at('one'), `  ${TOKEN}\n`, { mode: 0o640 })
    writeFileSync(at('two'), 'x'.repeat(16), { mode: 0o600 })
    chmodSync(at('one'), 0o640)
  })

  test('is read without the space around it, and kept as a digest alone', () => {
    const { tokens } = read(text)
    expect(tokens.map(({ client }) => client)).toEqual(['a', 'b'])
    expect(JSON.stringify(tokens)).not.toContain('horse')
    writeFileSync(at('one'), TOKEN)
    expect(read(text).tokens).toEqual(tokens)
  })

  test.each([
    [
      'x'.repeat(15),
      /policy\.clients\.a\.token_file: .*holds 15 bytes, and a token has 16 to 1024; make one/,
    ],
    ['', /holds 0 bytes/],
    ['x'.repeat(1025), /holds 1025 bytes/],
    [`${TOKEN} and more`, /holds a space, or a byte that no header carries/],
    ['x'.repeat(16), /policy\.clients\.b\.token_file: holds the same token as that of a; make one for each/],
  ])('that holds "%s" is refused, and not shown', (content, words) => {
    writeFileSync(at('one'), content)
    expect(said(text)).toMatch(words)
    expect(said(text)).not.toContain('horse')
  })

  test('that anybody may read is refused', () => {
    chmodSync(at('one'), 0o604)
    expect(said(text)).toMatch(/mode 0604: anybody on this machine may read the secret/)
  })
})
