import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { ConfigError, parseConfig } from '../../src/config/index.js'
import { AUTH, KEY_SECTION, PUBLIC_KEY, TZ1, TZ2, TZ3 } from './fixture.js'

/** Reads `text`; anything but a frozen configuration or a ConfigError with problems fails the test. */
function outcome(text: string): 'read' | 'refused' {
  try {
    const config = parseConfig(text, { file: 'config.yaml', defaultStateDir: 'state' })
    expect(Object.isFrozen(config) && config.keys.every(Object.isFrozen)).toBe(true)
    return 'read'
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    expect(error.problems.length).toBeGreaterThan(0)
    // Nothing in a message may move a terminal's cursor or forge a line.
    expect(error.message).toMatch(/^[\x20-\x7e\n]+$/)
    return 'refused'
  }
}

const leaf = fc.oneof(
  fc.boolean(),
  fc.integer(),
  fc.double(),
  fc.constant(null),
  fc.constantFrom(TZ1, TZ2, TZ3, AUTH, ...Object.values(PUBLIC_KEY), '', 'auto', 'off', 'mainnet'),
  fc.constantFrom(
    '127.0.0.1:6732',
    '[::1]:0',
    '10.0.0.0/8',
    '::ffff:1.2.3.4',
    'block',
    '040100',
    '0x11',
    '../state',
  ),
  fc.ipV4(),
  fc.ipV6(),
  fc.string({ unit: 'binary' }),
)
const value = fc.oneof({ weight: 3, arbitrary: leaf }, fc.array(leaf, { maxLength: 4 }), fc.object())
const record = (names: readonly string[], inner: fc.Arbitrary<unknown>) =>
  fc.dictionary(fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...names) }, fc.string()), inner, {
    maxKeys: names.length,
  })

const keyNames = ['curve_alias', 'allowed_ops', 'auth_req', 'auth_prefix', 'public_key', 'chains', 'allow']
const policy = fc.record({
  signing_keys: record([TZ1, TZ2, TZ3, AUTH], record(keyNames, value)),
  auth_key: record(['pkh', 'curve_alias', 'public_key'], value),
})
const section = record(
  ['listen', 'port', 'timeout_ms', 'level', 'round', 'max_level_gap', 'auth_check'],
  value,
)
const names = [
  'security',
  'verbose',
  'high_water_marks',
  'allowed_ips',
  'device',
  'server',
  'admin',
  'chains',
]
const file = fc
  .tuple(record([...names, 'marks', 'state_dir'], fc.oneof(value, section)), fc.oneof(policy, value))
  .map(([sections, rules]) => ({ ...sections, policy: rules }))

test('any text is read into a frozen configuration or refused by name', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: fc.constantFrom(...Array.from(' \n:-[]{}&*!?|>#"\'%@a1<,')) }),
      ),
      (text) => {
        outcome(text)
        outcome(KEY_SECTION + text)
      },
    ),
    { numRuns: 500 },
  )
})

test('any object in the shape of a configuration is read or refused by name', () => {
  fc.assert(
    fc.property(file, (contents) => {
      outcome(stringify(contents))
    }),
    { numRuns: 500 },
  )
})

test('any change of one place in a working file is read or refused by name', () => {
  const text = `${KEY_SECTION}server: {listen: "127.0.0.1:6732"}\nallowed_ips: [10.0.0.0/8]\nmarks: {max_level_gap: off}\n`
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(5), fc.string({ maxLength: 5 }), (at, gone, added) => {
      outcome(text.slice(0, at) + added + text.slice(at + gone))
    }),
    { numRuns: 1000 },
  )
})

test('the files that these properties start from are read', () => {
  expect(outcome(KEY_SECTION)).toBe('read')
  expect(outcome('')).toBe('refused')
})
