import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/index.js'
import {
  folderWith,
  fromScript,
  fromWords,
  leftOut,
  TZ1,
  TZ1_KEY,
  TZ2,
  TZ2_KEY,
  TZ3,
  TZ3_KEY,
  TZ4,
} from './fixture.js'

const UNIT = readFileSync(new URL('../../vectors/migration/octez-signer.service', import.meta.url), 'utf8')
const wallet = (files: Readonly<Record<string, unknown>>) =>
  folderWith(Object.fromEntries(Object.entries(files).map(([name, value]) => [name, JSON.stringify(value)])))
const named = (...values: readonly unknown[]) => values.map((value, index) => ({ name: `k${index}`, value }))

test('the unit that Octez ships becomes a configuration, with the clients that its folder authorizes', () => {
  const baseDir = wallet({
    public_key_hashs: named(TZ3, TZ1),
    public_keys: named({ locator: `unencrypted:${TZ3_KEY}`, key: TZ3_KEY }, `unencrypted:${TZ1_KEY}`),
    authorized_keys: named(TZ2_KEY),
    secret_keys: named('unencrypted:p2sk-never-read'),
    block_high_watermarks: {},
  })
  const result = fromScript(UNIT, { baseDir })
  const allowed_ops = [0x11, 0x12, 0x13]
  expect(result.settings).toEqual({
    policy: {
      signing_keys: {
        [TZ3]: { public_key: TZ3_KEY, allowed_ops },
        [TZ1]: { public_key: TZ1_KEY, allowed_ops },
      },
      authorized_keys: [TZ2_KEY],
    },
    server: { tcp: '127.0.0.1:7732' },
  })
  expect(leftOut(result)).toEqual(['high-water marks'])
  expect(result.notCarriedOver[0]?.remedy).toContain(`tezio-bridge marks import ${baseDir}`)
  expect(result.assumptions).toContainEqual(expect.stringContaining('here they are always kept') as string)
})

describe('a command line', () => {
  test.each([
    ['launch http signer', { listen: 'localhost:6732' }],
    ['launch http signer -a 127.0.0.1 -p 8080', { listen: '127.0.0.1:8080' }],
    ['launch http signer --address ::1 --port=8080', { listen: '[::1]:8080' }],
    ['launch https signer c.pem k.pem', { listen: 'localhost:443', tls: { cert: 'c.pem', key: 'k.pem' } }],
    ['launch socket signer', { tcp: 'localhost:7732' }],
    ['launch socket signer -a 0.0.0.0 -p 9000 -W', { tcp: '0.0.0.0:9000' }],
    ['launch local signer -s /run/signer.sock', { unix: '/run/signer.sock' }],
    ['launch http signer -D', { listen: 'localhost:6732', known_keys: true }],
  ])('"%s" listens there', (line, server) => {
    expect(fromWords(line).settings).toMatchObject({ server })
  })

  test('on every interface says that it does, and that only this machine may ask', () => {
    expect(fromWords('launch http signer -a 0.0.0.0').assumptions).toContainEqual(
      expect.stringMatching(/every interface.*allowed_ips lets only this machine ask/) as string,
    )
  })

  test.each([
    ['-M 0x11,0x12,0x13', [0x11, 0x12, 0x13], []],
    ['-M 17,18', [0x11, 0x12], []],
    ['--magic-bytes=0x03,0x05', [0x03, 0x05], []],
    ['-M 0x01,0x02,0x80,0x11', [0x11], ['0x01', '0x02', '0x80'].map((byte) => `--magic-bytes ${byte}`)],
    ['', [0x11, 0x12, 0x13], []],
  ])('with %j signs what can be signed here, and lists the rest', (flag, allowed_ops, left) => {
    const result = fromWords(`launch http signer ${flag}`.trim())
    expect(result.settings).toMatchObject({ policy: { signing_keys: { [TZ3]: { allowed_ops } } } })
    expect(leftOut(result)).toEqual(left)
    const isWithout = result.assumptions.some((text) => text.startsWith('without --magic-bytes'))
    expect(isWithout).toBe(flag === '')
  })

  test('has every option carried over, explained or listed', () => {
    const line = '-f /pw --log-requests launch socket signer --pidfile /run/p --timeout 5 -P -W extra'
    const result = fromWords(line)
    expect(leftOut(result).toSorted()).toEqual(
      [
        ...['--password-filename', '--log-requests', '--pidfile', '--timeout'],
        ...['--allow-to-prove-possession', 'extra'],
      ].toSorted(),
    )
    expect(result.assumptions.filter((text) => text.includes('high-water'))).toEqual([])
  })

  test.each([
    ['launch http signer -M 0x1ff', /--magic-bytes is not a list of bytes/],
    ['launch http signer -M', /-M has no value/],
    ['launch http signer -p 1 -p 2', /-p is given twice/],
    ['launch https signer', /names no certificate and key/],
    ['launch http', /its words are not/],
    ['launch ftp signer', /its words are not/],
    ['run with local node', /its words are not/],
  ])('"%s" is refused', (line, message) => {
    expect(() => fromWords(line)).toThrow(message)
  })

  test('that wants authentication by keys that are not known gives a file that is refused until they are added', () => {
    const result = fromWords('-A -d /nowhere launch http signer -M 0x11')
    expect(leftOut(result)).toEqual(['--base-dir /nowhere', '--require-authentication'])
    expect(result).toMatchObject({
      isComplete: false,
      settings: { security: { auth_check: true }, policy: { authorized_keys: [] } },
    })
    const parsed = (text: string) => parseConfig(text, { file: 'config.yaml', defaultStateDir: 'state' })
    expect(() => parsed(result.config)).toThrow(/requires authentication/)
    expect(parsed(result.config.replace('[] #', `[${TZ1_KEY}] #`)).keys).toMatchObject([
      { requiresAuthentication: true },
    ])
  })

  test('without a key says which option gives it', () => {
    expect(() => fromWords('launch http signer', {})).toThrow(/no key is known.*--key tz3.*--base-dir/)
    expect(() => fromWords('launch http signer', { keys: ['tz3x'] })).toThrow(/is not an address/)
    expect(() => fromWords('launch http signer', { keys: [TZ4] })).toThrow(/no key is left/)
  })
})

describe('a file with a command line', () => {
  test.each([
    '#!/bin/sh\n# octez-signer launch ftp signer\nexec nohup octez-signer launch http signer -p 6000 >log 2>&1 &\n',
    'A=1 /usr/bin/octez-signer launch http signer -p "6000"; echo done\n',
    "sudo -u tezos octez-signer \\\n  launch \\\n  http signer -p '6000'",
    'ExecStart=-/usr/bin/tezos-signer launch http signer -p 6000 # that is all',
    'octez-signer launch http signer -p 6000\noctez-signer add authorized key edpk\noctez-signer launch http signer -p 6000',
  ])('%j is understood', (text) => {
    expect(fromScript(text).settings).toMatchObject({ server: { listen: 'localhost:6000' } })
  })

  test.each([
    ['octez-node run', /there is no command line/],
    ['# octez-signer launch http signer', /there is no command line/],
    ['octez-signer launch http signer\noctez-signer launch local signer -s /x', /there are 2 command lines/],
    ['octez-signer -d $DIR launch http signer', /has variables/],
    ['ExecStart=octez-signer -d %h/x launch http signer', /has variables/],
    ['octez-signer -d "`pwd`" launch http signer', /has variables/],
  ])('%j is refused, and a way out is named', (text, message) => {
    expect(() => fromScript(text)).toThrow(message)
    expect(() => fromScript(text)).toThrow(/behind --/)
  })
})

describe('the base directory', () => {
  const read = (files: Readonly<Record<string, unknown>>, line = 'launch http signer') =>
    fromWords(`-d ${wallet(files)} ${line}`, {})

  test('of the command line gives the keys', () => {
    const { settings } = read({ public_key_hashs: named(TZ1, TZ2, TZ3, TZ4) })
    expect(Object.keys((settings as { policy: { signing_keys: object } }).policy.signing_keys)).toEqual([
      ...[TZ1, TZ2, TZ3],
    ])
  })

  test('gives them also where it has their public keys alone', () => {
    const { settings } = read({ public_keys: named(`unencrypted:${TZ2_KEY}`) })
    expect(settings).toMatchObject({ policy: { signing_keys: { [TZ2]: { public_key: TZ2_KEY } } } })
  })

  test('that authorizes clients changes nothing where octez-signer did not ask for it', () => {
    const files = { public_key_hashs: named(TZ3), authorized_keys: named(TZ1_KEY) }
    expect(read(files).config).not.toContain('authorized_keys')
    expect(read(files, '-A launch http signer').config).toContain('authorized_keys')
  })

  test.each([
    [{ public_key_hashs: named('tz1bad') }, /public_key_hashs: an entry is not an address/],
    [{ public_key_hashs: { a: 1 } }, /public_key_hashs: it is not a list of names/],
    [{}, /has no public_key_hashs.*--key/],
  ])('with %j is refused', (files, message) => {
    expect(() => read(files)).toThrow(message)
  })

  test('that is not there, or is no folder, is named', () => {
    expect(() => fromWords('launch http signer', { baseDir: '/nowhere' })).toThrow(
      /\/nowhere: octez-signer's base directory cannot be read \(ENOENT\)/,
    )
  })

  test('has its secret keys left alone', () => {
    const folder = wallet({ public_key_hashs: named(TZ3) })
    symlinkSync('/proc/self/mem', join(folder, 'secret_keys')) // reading it fails
    expect(fromWords('launch http signer', { baseDir: folder }).config).toContain(TZ3)
  })
})
