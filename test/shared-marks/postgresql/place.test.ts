import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { urlProblem } from '../../../src/shared-marks/index.js'
import { readPlace } from '../../../src/shared-marks/postgresql/place.js'

describe('a url of PostgreSQL', () => {
  test('names a server, a database and a user, and how far its certificate is checked', () => {
    expect(
      readPlace('postgresql://bri%20dge@db:6432/tez%2Fio?sslmode=verify-full&sslrootcert=/etc/ca.crt'),
    ).toEqual({
      ...{ host: 'db', port: 6432, user: 'bri dge', database: 'tez/io', tls: 'verify-full' },
      ...{ rootCertificate: '/etc/ca.crt', certificate: undefined, key: undefined },
      text: 'postgresql://db:6432/tez/io',
    })
    expect(readPlace('postgres://a@[::1]/b?sslmode=require')).toMatchObject({ host: '::1', port: 5432 })
    expect(readPlace('postgresql://a@/b?host=/run/postgresql')).toMatchObject({
      ...{ host: '/run/postgresql', tls: 'disable', text: 'postgresql://[/run/postgresql]:5432/b' },
    })
  })

  test('names a socket in the ways of libpq', () => {
    for (const url of [
      'postgresql://a@/b?host=/run/pg',
      'postgresql://a@%2Frun%2Fpg/b',
      'postgresql://a@db/b?host=/run/pg',
    ]) {
      expect(readPlace(url)).toMatchObject({ host: '/run/pg', tls: 'disable' })
    }
  })

  test.each([
    ['mysql://a@db/b?sslmode=verify-full', /not a url of PostgreSQL/],
    ['db:5432', /not a url of PostgreSQL/],
    ['postgresql://a:secret@db/b?sslmode=verify-full', /holds a password; .* mode 0600/],
    ['postgresql://a@db/b?sslmode=verify-full&password=secret', /holds a password/],
    ['postgresql://a@db/b', /no sslmode; write sslmode=verify-full/],
    ['postgresql://a@db/b?sslmode=prefer', /sslmode=prefer, which goes on without encryption/],
    ['postgresql://a@db/b?sslmode=allow', /sslmode=allow, which goes on without encryption/],
    [
      'postgresql://a@db/b?sslmode=no-verify',
      /"no-verify"; disable, require, verify-ca, verify-full are known/,
    ],
    ['postgresql://a@db/b?sslmode=verify-ca&sslrootcert=system', /takes the certificate of any host/],
    ['postgresql://a@db/b?sslmode=verify-full&sslcert=/a', /one of sslcert and sslkey/],
    ['postgresql://a@db/b?sslmode=verify-full&options=-c%20fsync', /the parameter "options"/],
    ['postgresql://a@db/b?sslmode=disable&sslmode=verify-full', /sslmode twice/],
    ['postgresql://db/b?sslmode=disable', /names no user/],
    ['postgresql://a@db?sslmode=disable', /names no database/],
    ['postgresql://a@/b?sslmode=disable', /names no host/],
    ['postgresql://a@/b?host=/run&sslmode=require', /where PostgreSQL has no TLS/],
  ])('%s is refused', (url, words) => {
    expect(urlProblem(url)).toMatch(words)
    expect(urlProblem(url)).not.toContain('secret')
  })

  test('is never repeated in what is wrong with it when it has a password, and never throws', () => {
    fc.assert(
      fc.property(fc.string(), fc.webUrl({ withQueryParameters: true }), (text, url) => {
        expect(() => urlProblem(text)).not.toThrow()
        expect(() => urlProblem(url.replace(/^https?/, 'postgresql'))).not.toThrow()
      }),
    )
  })
})
