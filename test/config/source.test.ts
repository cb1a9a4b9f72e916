import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/index.js'
import { KEY_SECTION, parse, refusal, TZ1, withKey } from './fixture.js'

const folder = mkdtempSync(join(tmpdir(), 'tezio-config-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const aliases = Array.from({ length: 101 }, () => '*a').join(', ')
const bomb = ['&a0 [x]', ...Array.from({ length: 20 }, (_, n) => `&a${n + 1} [*a${n}, *a${n}, *a${n}]`)]

describe('text that is not one plain YAML mapping', () => {
  test.each([
    ['nothing', '', 'is empty; start with a "policy:" section'],
    ['comments alone', '# nothing here\n', 'is empty'],
    ['a null', '~', 'is empty'],
    ['a list', '- a\n- b\n', 'is not a mapping of sections'],
    ['a word', 'policy', 'is not a mapping of sections'],
    ['two documents', 'verbose: true\n---\nverbose: false\n', 'config.yaml:2: a second document starts here'],
    ['a broken line', 'server:\n  listen: [::1]:6732\n', 'config.yaml:2: is not valid YAML here'],
    ['an unknown tag', 'verbose: !env VERBOSE\n', 'Unresolved tag: !env; remove the tag'],
    ['a tag that would turn the text around', 'verbose: !\u202e 1\n', ''],
    ['an unknown directive', '%INCLUDE other\n---\nverbose: true\n', 'Unknown directive'],
    ['an alias without anchor', 'verbose: *nothing\n', 'Unresolved alias'],
    ['an alias inside itself', 'chains: &a [*a]\npolicy: *a', ''],
    ['a hundred and one aliases', `a: &a 1\nb: [${aliases}]\n`, 'more than 100 aliases'],
    ['aliases that multiply', `chains: [${bomb.join(', ')}]\n`, 'Excessive alias count'],
    ['a list as a key', '? [a]\n: 1\n', 'holds a key that is not plain text'],
    [
      'a date of YAML 1.1',
      '%YAML 1.1\n---\nverbose: 2024-01-01\n',
      '"2024-01-01" is neither text nor a number',
    ],
    [
      'a number of two meanings',
      'verbose: true\nmarks: {max_level_gap: 0100}\n',
      'config.yaml:2: "0100" may be octal',
    ],
    ['a prototype', '__proto__: {verbose: true}\n', '__proto__: is not a known key'],
    [
      'a prototype among keys',
      `policy: {signing_keys: {__proto__: {}, ${TZ1}: {allowed_ops: [3]}}}`,
      '__proto__',
    ],
    ['very deep nesting', '['.repeat(100_000), 'nested too deeply'],
  ])('is refused: %s', (_, text, message) => {
    const error = refusal(() => parse(text))
    expect(error.code).toMatch(/^(?:not-yaml|invalid)$/)
    expect(error.message).toContain(message)
  })

  test('F43 a duplicate key is refused with its line', () => {
    const error = refusal(() => parse('verbose: true\nchains: mainnet\nverbose: false\n'))
    expect(error.code).toBe('not-yaml')
    expect(error.problems).toEqual([
      { line: 3, path: 'verbose', message: 'is written twice in the same section; remove one of them' },
    ])
  })

  test('F43 a duplicate key is seen through quotes and in nested sections', () => {
    expect(
      refusal(() => parse('high_water_marks:\n  level:\n    0x11: 1\n    "0x11": 2\n')).problems[0],
    ).toMatchObject({
      line: 4,
      path: '0x11',
    })
  })
})

describe('unknown keys', () => {
  test.each([
    ['vebose: true', 'vebose: is not a known key at the top level (did you mean "verbose"?)'],
    ['server: {lisen: x}', 'server.lisen: is not a known key in server (did you mean "listen"?)'],
    ['zebra: 1', 'zebra: is not a known key at the top level; remove it, or use one of security, verbose'],
    ['"a\\u202eb": 1', 'a\\u202eb: is not a known key'],
    ['constructor: 1', 'constructor: is not a known key'],
    ['17: 1', '17: is not a known key'],
    ['null: 1', 'null: is not a known key'],
  ])('F43 %s is refused with a remedy', (text, message) => {
    const error = refusal(() => withKey(text))
    expect(error.message).toContain(message)
    expect(error.problems[0]?.line).toBe(2)
  })

  test('F43 an unknown key of a signing key is named with the right one', () => {
    const text = `policy:\n  signing_keys:\n    ${TZ1}:\n      allowed_ops: [3]\n      auth_reg: true\n`
    expect(refusal(() => parse(text)).problems).toMatchObject([
      { line: 5, path: `policy.signing_keys.${TZ1}.auth_reg` },
    ])
    expect(refusal(() => parse(text)).message).toContain('(did you mean "auth_req"?)')
  })

  test('a file that is wrong throughout is refused in at most 51 lines', () => {
    const many = Array.from({ length: 20_000 }, (_, n) => `k${n}: 1`).join('\n')
    const error = refusal(() => parse(many))
    expect(error.problems).toHaveLength(50)
    expect(error.message.split('\n')).toHaveLength(51)
    expect(error.message).toMatch(/and 19950 more problems$/)
  })
})

describe('files', () => {
  const write = (name: string, content: string | Uint8Array) => {
    const file = join(folder, name)
    writeFileSync(file, content)
    return file
  }

  test('a file of one mebibyte is read, and one byte more is refused', () => {
    const full = KEY_SECTION + '#'.repeat(1024 * 1024 - KEY_SECTION.length)
    expect(loadConfig(write('full.yaml', full)).keys).toHaveLength(1)
    const error = refusal(() => loadConfig(write('over.yaml', `${full}#`)))
    expect(error.code).toBe('unreadable')
    expect(error.message).toContain('is larger than 1048576 bytes')
    expect(refusal(() => parse(`${full}#`)).code).toBe('unreadable')
    for (const start of ['#', '##']) {
      const accents = start + 'é'.repeat(1024 * 1024)
      expect(refusal(() => loadConfig(write('accents.yaml', accents))).code).toBe('unreadable')
    }
  })

  test('a missing file and a folder are unreadable, with the cause kept', () => {
    for (const file of [join(folder, 'none.yaml'), folder]) {
      const error = refusal(() => loadConfig(file))
      expect(error.code).toBe('unreadable')
      expect(error.message).toContain(`${file}: cannot be read`)
      expect(error.cause).toBeInstanceOf(Error)
    }
  })

  test('F43 a byte order mark and Windows line ends are fine', () => {
    const file = write('windows.yaml', `\ufeff${KEY_SECTION}verbose: true\n`.replaceAll('\n', '\r\n'))
    expect(loadConfig(file).logLevel).toBe('debug')
  })

  test('bytes that are not UTF-8 are refused', () => {
    const utf16 = Uint8Array.of(0xff, 0xfe, 0x61, 0x00)
    expect(refusal(() => loadConfig(write('utf16.yaml', utf16))).message).toContain('is not UTF-8 text')
  })
})
