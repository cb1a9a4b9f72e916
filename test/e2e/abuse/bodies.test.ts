import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { toHex } from '../../../src/tezos/index.js'
import { operation, outcome } from '../../server/fixture.js'
import { ADDRESS, cli } from '../daemon.js'
import { CARRIERS, START_MS, Target } from './target.js'

let target: Target
beforeAll(async () => {
  target = await Target.start()
}, START_MS)
afterAll(() => target.close())
afterEach(() => target.signsHonestly())

const utf8 = (text: string) => new TextEncoder().encode(text)
const BOM = Uint8Array.of(0xef, 0xbb, 0xbf)
/** A payload that would be signed, were it not for what is around it. */
const hex = toHex(operation())

const BAD: Readonly<Record<string, string | Uint8Array>> = {
  nothing: '',
  'white space': ' \r\n\t',
  'an empty string': '""',
  'hex of odd length': `"${hex}0"`,
  'no hex': '"zz"',
  'hex with a prefix': `"0x${hex}"`,
  'hex with one other letter': `"${hex.slice(0, -1)}g"`,
  'hex with a space': `"${hex} "`,
  'hex with an escaped newline': `"${hex}\\n"`,
  'hex in full-width digits': '"０３１１"',
  'hex without quotes': hex,
  'hex in single quotes': `'${hex}'`,
  'a number': '11',
  'a number of a thousand digits': '9'.repeat(1000),
  'a list': `["${hex}"]`,
  'an object': `{"bytes":"${hex}"}`,
  'an object of prototypes': `{"__proto__":"${hex}","constructor":"${hex}"}`,
  null: 'null',
  true: 'true',
  'two strings': `"${hex}""${hex}"`,
  'a string cut short': `"${hex}`,
  'deep nesting': '['.repeat(4096),
  'deep nesting, closed': '['.repeat(2048) + ']'.repeat(2048),
  'deep nesting of objects': '{"a":'.repeat(800),
  'UTF-8 that is none': Uint8Array.of(0x22, 0xc3, 0x28, 0x22),
  'UTF-8 in too many bytes': Uint8Array.of(0x22, 0xc0, 0xb0, 0x22),
  'half a surrogate': '"\\ud800"',
  'UTF-16': Uint8Array.of(0xff, 0xfe, 0x22, 0, 0x30, 0, 0x33, 0, 0x22, 0),
  'a byte order mark in front': Uint8Array.of(...BOM, ...utf8(`"${hex}"`)),
  'a byte order mark behind': Uint8Array.of(...utf8(`"${hex}"`), ...BOM),
  'a zero byte behind': `"${hex}"\0`,
  'a comment': `"${hex}"//`,
}

const GOOD: Readonly<Record<string, string>> = {
  'lower-case hex': `"${hex}"`,
  'upper-case hex': `"${hex.toUpperCase()}"`,
  'mixed hex': `"${hex.replace(/[a-f]/, (letter) => letter.toUpperCase())}"`,
  'a trailing newline, as Octez sends it': `"${hex}"\n`,
  'white space all around': `\r\n\t "${hex}" \r\n`,
  'an escaped digit': `"\\u0030${hex.slice(1)}"`,
}

describe.each(CARRIERS)('F31 by %s, a body of', (_name, carrier) => {
  const post = (body: string | Uint8Array) =>
    carrier(target, {
      path: `/keys/${ADDRESS.tz3}?version=3`,
      headers: { 'content-type': 'application/json' },
      body,
    })

  it.each(Object.entries(BAD))('%s is 400, marks nothing and reaches no board', async (_name, body) => {
    expect(outcome(await target.untouchedBy(() => post(body)))).toBe('400 malformed-body')
  })

  it.each(Object.entries(GOOD))('%s is signed', async (_name, body) => {
    const before = target.bench.signCommands
    expect(outcome(await post(body))).toBe('200')
    expect(target.bench.signCommands).toBe(before + 1)
  })
})

it('F31 after all of them the marks are those of the honest requests alone', async () => {
  const { code, stdout } = await cli('marks', 'show', ...target.bench.options, '--json')
  expect(code).toBe(0)
  const { marks } = JSON.parse(stdout) as { marks: { kind: string; level: number }[] }
  expect(marks.map(({ kind, level }) => [kind, level])).toEqual([
    ['block', 0],
    ['preattestation', 0],
    ['attestation', target.honestLevel],
  ])
})
