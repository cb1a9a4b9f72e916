import { describe, expect, test } from 'vitest'
import { AUTH, oneKey, refusal, TZ1, withKey } from './fixture.js'

const server = (text: string) => withKey(`server: {${text}}\n`).server
const refused = (text: string) => refusal(() => server(text)).message

describe('server.unix', () => {
  test('is not there unless it is named', () => {
    expect(server('known_keys: false')).toMatchObject({ unix: undefined, tcp: undefined, pathPrefix: 'any' })
  })

  test('is a path alone: then nobody but the daemon’s user may connect', () => {
    expect(server('unix: /run/signer.sock').unix).toEqual({
      path: '/run/signer.sock',
      mode: 0o600,
      group: undefined,
    })
  })

  test('starts at the file’s folder where its path is relative', () => {
    expect(server('unix: signer.sock').unix?.path).toBe('/etc/tezio/signer.sock')
    expect(server('unix: { path: ../signer.sock }').unix?.path).toBe('/etc/signer.sock')
  })

  test.each([
    ["'0660'", 0o660],
    ["'660'", 0o660],
    ['0o660', 0o660],
    ["'0600'", 0o600],
    ["'0777'", 0o777],
  ])('takes the mode %s', (text, mode) => {
    expect(server(`unix: { path: /s, mode: ${text} }`).unix?.mode).toBe(mode)
  })

  test.each([
    ['0o1777', 'is not a mode from 0600 to 0777'],
    ["'0o660'", 'is not a mode'],
    ["'rw-rw----'", 'is not a mode'],
    ["'0680'", 'is not a mode'],
    ['-1', 'is not a mode'],
    ['6.5', 'is not a mode'],
    ['true', 'is not a mode'],
    ["'0060'", '0060 keeps the owner out'],
    ['0', '0000 keeps the owner out'],
  ])('refuses the mode %s', (text, words) => {
    expect(refused(`unix: { path: /s, mode: ${text} }`)).toMatch(/server\.unix\.mode: .*write/)
    expect(refused(`unix: { path: /s, mode: ${text} }`)).toContain(words)
  })

  test('takes a group by name and by number, and nothing else', () => {
    expect(server('unix: { path: /s, group: baker }').unix?.group).toBe('baker')
    expect(server('unix: { path: /s, group: 0 }').unix?.group).toBe(0)
    for (const text of ["''", '-1', '1.5', "'a b'", '[a]', "'../etc'"]) {
      expect(refused(`unix: { path: /s, group: ${text} }`)).toContain('is not a group; write its name')
    }
  })

  test('refuses a path that the system would not take, with the limit', () => {
    const longest = `/${'x'.repeat(106)}`
    expect(server(`unix: ${longest}`).unix?.path).toBe(longest)
    expect(refused(`unix: ${longest}x`)).toMatch(/has 108 bytes, and the system takes 107.*shorter path/)
    expect(refused(`unix: /${'é'.repeat(54)}`)).toContain('has 109 bytes')
  })

  test('refuses a mapping without a path, and what is no path', () => {
    expect(refused("unix: { mode: '0600' }")).toContain('server.unix: names no path; write one like')
    expect(refused('unix: { path: ~/signer.sock }')).toContain('"~/signer.sock" is not')
    expect(refused('unix: { path: /s, modes: 0o600 }')).toContain('(did you mean "mode"?)')
    expect(refused('unix: 7')).toContain('is not a mapping')
  })

  test('warns where every user may connect and a key signs without authentication', () => {
    const open = withKey("server: { unix: { path: /s, mode: '0666' } }\n")
    expect(open.warnings).toEqual([
      `server.unix /s lets every user of this machine connect, and these keys sign without authentication: ${TZ1}.`,
    ])
    expect(withKey("server: { unix: { path: /s, mode: '0660' } }\n").warnings).toEqual([])
    const rest = `  auth_key: { pkh: ${AUTH} }\nserver: { unix: { path: /s, mode: '0666' } }\n`
    expect(oneKey(TZ1, 'allowed_ops: [0x03]', rest).warnings).toEqual([])
  })
})

describe('server.tcp', () => {
  test('is an address like server.listen', () => {
    expect(server("tcp: '[::1]:7732'").tcp).toEqual({ host: '::1', port: 7732 })
    expect(refused('tcp: 7732')).toContain('server.tcp: 7732 is not HOST:PORT')
  })

  test('warns where other machines reach it and a key signs without authentication', () => {
    const { warnings } = withKey("server: { tcp: '0.0.0.0:7732' }\n")
    expect(warnings).toEqual([
      `server.tcp 0.0.0.0:7732 is reached from other machines, and these keys sign without authentication: ${TZ1}.`,
    ])
  })

  test.each([
    ["tcp: '127.0.0.1:6732'", 'server.tcp: server.listen (127.0.0.1:6732) and server.tcp (127.0.0.1:6732)'],
    ["tcp: '127.0.0.1:6733'", 'server.tcp: admin.listen (127.0.0.1:6733) and server.tcp (127.0.0.1:6733)'],
    ["tcp: '0.0.0.0:6732'", 'take the same port; choose another port for one of them'],
  ])('refuses a port that another listener has: %s', (text, words) => {
    expect(refused(text)).toContain(words)
  })

  test('may have the port of another listener on another address, and any free one twice', () => {
    expect(server("tcp: '127.0.0.2:6732'").tcp?.port).toBe(6732)
    expect(server("listen: '127.0.0.1:0', tcp: '127.0.0.1:0'").tcp?.port).toBe(0)
  })
})

describe('server.path_prefix', () => {
  test.each([
    ['/signer', '/signer'],
    ['/a/b-1/', '/a/b-1'],
    ['/.well_known~x', undefined],
    ['/a..b', '/a..b'],
    ['any', 'any'],
    ['none', 'none'],
  ])('%s is read as %s', (text, prefix) => {
    if (prefix === undefined)
      expect(refused(`path_prefix: ${text}`)).toContain('is not the beginning of a path')
    else expect(server(`path_prefix: ${text}`).pathPrefix).toBe(prefix)
  })

  test.each(['signer', '/', '//', '/a//b', '/../x', '/a b', '/a?b', "''", '7'])('refuses %s', (text) => {
    expect(refused(`path_prefix: ${text}`)).toMatch(/server\.path_prefix: .*write it like \/signer/)
  })
})
