import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { passfilePath, passwordFrom } from '../../../src/shared-marks/postgresql/passfile.js'
import { readPlace, type Place } from '../../../src/shared-marks/postgresql/place.js'
import { temporaryDirectory } from '../../policy/fixture.js'

function placeOf(url: string): Place {
  const place = readPlace(url)
  if (typeof place === 'string') throw new Error(place)
  return place
}

const DB = placeOf('postgresql://bridge@db/tezio?sslmode=disable')

function passfile(text: string, mode = 0o600): string {
  const path = join(temporaryDirectory(), 'pgpass')
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

describe('a password file', () => {
  test('gives the password of the first line that fits', () => {
    const path = passfile(
      '# a comment\n#db:5432:tezio:bridge:no\n\ndb:5433:*:*:no\ndb:*:tezio:bridge:yes\n*:*:*:*:no\n',
    )
    expect(passwordFrom(path, DB)).toBe('yes')
  })

  test('takes colons and backslashes behind a backslash for what they are', () => {
    const odd = placeOf('postgresql://a%3Ab@[::1]/c?sslmode=disable')
    expect(passwordFrom(passfile('\\:\\:1:5432:c:a\\:b:p\\:q\\\\r\r\n'), odd)).toBe('p:q\\r')
  })

  test('calls a socket by its folder or by localhost', () => {
    const socket = placeOf('postgresql://a@/b?host=/run/pg')
    expect(passwordFrom(passfile('localhost:*:*:*:one\n'), socket)).toBe('one')
    expect(passwordFrom(passfile('/run/pg:*:*:*:two\n'), socket)).toBe('two')
  })

  test('without a line that fits, open to others, or no file is refused without telling what is in it', () => {
    expect(() => passwordFrom(passfile('other:*:*:*:secret\n*:*:*:*:\n'), DB)).toThrow(
      /^the server asks for a password, and \S+ has no line for it; add db:5432:tezio:bridge:PASSWORD$/,
    )
    for (const mode of [0o640, 0o604, 0o660]) {
      expect(() => passwordFrom(passfile('*:*:*:*:secret\n', mode), DB)).toThrow(
        /others may read it; chmod 0600/,
      )
    }
    const folder = join(temporaryDirectory(), 'folder')
    mkdirSync(folder, { mode: 0o700 })
    expect(() => passwordFrom(folder, DB)).toThrow(/is not a file/)
    expect(() => passwordFrom(join(folder, 'nothing'), DB)).toThrow(/does not exist/)
  })

  test('is the one that is named, or the one where libpq looks', () => {
    expect(passfilePath('/etc/pgpass')).toBe('/etc/pgpass')
    expect(passfilePath(undefined)).toMatch(/pgpass$/)
  })
})
