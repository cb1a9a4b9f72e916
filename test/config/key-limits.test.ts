import { describe, expect, test } from 'vitest'
import { showConfig } from '../../src/config/index.js'
import { oneKey, parse, refusal, TZ1, TZ3 } from './fixture.js'

const KT1 = 'KT1JHqHQdHSgWBKo6H4UfG8dw3JnZSyjGkHA'
const key = (rules: string) => oneKey(TZ1, `allowed_ops: [0x03], ${rules}`).keys[0]
const problem = (rules: string) => refusal(() => key(rules)).message

describe('transactions', () => {
  test('is read as it is written, without doubles', () => {
    const bounds = `destinations: [${KT1}, ${TZ3}, ${KT1}], max_mutez: 5, max_fee_mutez: 0, entrypoints: [do, do]`
    expect(
      key(`transactions: { ${bounds}, spend_windows: [{ hours: 1, max_mutez: 9, max_fee_mutez: 2 }] }`),
    ).toMatchObject({
      transactions: {
        ...{ destinations: [KT1, TZ3], maxMutez: 5, maxFeeMutez: 0, entrypoints: ['do'] },
        spendWindows: [{ hours: 1, maxMutez: 9, maxFeeMutez: 2 }],
      },
    })
  })

  test('is no rule where it is left out, and only the source where it is empty', () => {
    expect(key('auth_req: false')).toMatchObject({
      transactions: undefined,
      hours: undefined,
      perMinute: undefined,
    })
    const none = {
      destinations: undefined,
      maxMutez: undefined,
      maxFeeMutez: undefined,
      entrypoints: undefined,
    }
    expect(key('transactions: {}')).toMatchObject({ transactions: { ...none, spendWindows: [] } })
  })

  test('takes one window without a list', () => {
    const spendWindows = [{ hours: 744, maxMutez: 9, maxFeeMutez: undefined }]
    expect(key('transactions: { spend_windows: { hours: 744, max_mutez: 9 } }')).toMatchObject({
      transactions: { spendWindows },
    })
  })

  test.each([
    [`destinations: [${KT1.slice(0, -1)}B]`, /destinations\[0\]: .* is not a tz1 to tz5 or KT1 address/],
    ['max_mutez: -1', /max_mutez: -1 is not a whole number from 0 to 9007199254740991 \(mutez\)/],
    ['max_mutez: 9007199254740992', /is not a whole number from 0 to 9007199254740991/],
    ["entrypoints: ['a b']", /entrypoints\[0\]: "a b" is not an entrypoint's name; write 1 to 31 letters/],
    [
      'spend_windows: { hours: 745, max_mutez: 1 }',
      /hours: 745 is not a whole number from 1 to 744 \(hours\)/,
    ],
    ['spend_windows: { hours: 0, max_mutez: 1 }', /hours: 0 is not/],
    ['spend_windows: { hours: 1 }', /max_mutez: nothing is not a whole number/],
    [
      'spend_windows: { hours: 1, max_mutz: 1 }',
      /max_mutz: is not a known key .*\(did you mean "max_mutez"\?\)/,
    ],
    ['spend_windows: 5', /spend_windows: 5 is not a list of mappings/],
    ['max_mutes: 5', /max_mutes: is not a known key in .*transactions \(did you mean "max_mutez"\?\)/],
  ])('%s is refused', (rules, words) => {
    expect(problem(`transactions: { ${rules} }`)).toMatch(words)
  })

  test('that is left empty is refused, for what was meant is not known', () => {
    const text = `policy:\n  signing_keys:\n    ${TZ1}:\n      allowed_ops: [0x03]\n      transactions:\n`
    expect(refusal(() => parse(text)).message).toMatch(/transactions: nothing is not a mapping of keys/)
  })
})

describe('hours', () => {
  test('are minutes of the days of the week, every day and UTC unless told', () => {
    const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
    expect(key("hours: { from: '08:30', to: '24:00' }")).toMatchObject({
      hours: { from: 510, to: 1440, days, zone: 'UTC' },
    })
    expect(
      key("hours: { from: '22:00', to: '06:00', days: [sun, mon, sun], zone: Europe/Zurich }"),
    ).toMatchObject({
      hours: { from: 1320, to: 360, days: ['mon', 'sun'], zone: 'Europe/Zurich' },
    })
  })

  test.each([
    ["from: '24:01', to: '10:00'", /from: "24:01" is not a time from 00:00 to 24:00/],
    ["from: '8:00', to: '10:00'", /from: "8:00" is not a time/],
    ["from: '08:60', to: '10:00'", /from: "08:60" is not a time/],
    ["from: '08:00'", /to: nothing is not a time/],
    ["from: '08:00', to: '08:00'", /hours: begins or ends where there is no time in between/],
    ["from: '24:00', to: '08:00'", /hours: begins or ends where there is no time in between/],
    ["from: '08:00', to: '00:00'", /hours: begins or ends where there is no time in between/],
    ["from: '08:00', to: '10:00', days: [monday]", /days\[0\]: "monday" is not a day of the week/],
    ["from: '08:00', to: '10:00', days: []", /days: no day is listed/],
    ["from: '08:00', to: '10:00', zone: Mars/Olympus", /zone: "Mars\/Olympus" is not a time zone/],
  ])('{ %s } is refused', (rules, words) => {
    expect(problem(`hours: { ${rules} }`)).toMatch(words)
  })
})

test.each([0, 6001, 1.5])('per_minute: %s is refused, 1 and 6000 are not', (count) => {
  expect(problem(`per_minute: ${count}`)).toMatch(/per_minute: .* is not a whole number from 1 to 6000/)
  expect(key('per_minute: 1')?.perMinute).toBe(1)
  expect(key('per_minute: 6000')?.perMinute).toBe(6000)
})

test('michelson is another name of michelson_data', () => {
  expect(oneKey(TZ1, 'allowed_ops: [5], allow: [michelson, michelson_data]').keys[0]?.allow).toEqual([
    'michelson_data',
  ])
})

describe('a warning is given', () => {
  const warnings = (address: string, rules: string) => oneKey(address, rules).warnings

  test('where amounts are bounded and fees are not', () => {
    const open = expect.stringMatching(/transactions bounds amounts and no fee/) as string
    expect(warnings(TZ1, 'allowed_ops: [3], transactions: { max_mutez: 5 }')).toEqual([open])
    expect(
      warnings(TZ1, 'allowed_ops: [3], transactions: { spend_windows: { hours: 1, max_mutez: 5 } }'),
    ).toEqual([open])
    expect(warnings(TZ1, 'allowed_ops: [3], transactions: { max_mutez: 5, max_fee_mutez: 1 }')).toEqual([])
    expect(
      warnings(
        TZ1,
        'allowed_ops: [3], transactions: { spend_windows: { hours: 1, max_mutez: 5, max_fee_mutez: 1 } }',
      ),
    ).toEqual([])
    expect(warnings(TZ1, 'allowed_ops: [3], transactions: {}')).toEqual([])
  })

  test('where transactions are bounded that are never signed', () => {
    expect(warnings(TZ1, 'allowed_ops: [5], transactions: {}')).toEqual([
      expect.stringMatching(/transactions bounds operations, which are not signed/),
    ])
  })

  test('where a key that may bake has hours or a rate', () => {
    const limits = "hours: { from: '08:00', to: '10:00' }, per_minute: 5"
    expect(warnings(TZ3, `allowed_ops: [0x11], ${limits}`)).toEqual([
      expect.stringMatching(/hours also holds for blocks and votes: a block may be missed/),
      expect.stringMatching(/per_minute also holds for blocks and votes/),
    ])
    expect(warnings(TZ3, `allowed_ops: [3], ${limits}`)).toEqual([])
    expect(warnings(TZ3, `allowed_ops: [3, 0x11], allow: [transaction], ${limits}`)).toEqual([])
  })
})

test('what is shown means the same when it is read', () => {
  const config = oneKey(
    TZ1,
    `allowed_ops: [0x03], transactions: { destinations: [${KT1}], max_mutez: 5, max_fee_mutez: 1, entrypoints: [do], spend_windows: [{ hours: 24, max_mutez: 9 }, { hours: 1, max_mutez: 3, max_fee_mutez: 2 }] }, per_minute: 7, hours: { from: '22:00', to: '06:05', days: [mon], zone: Europe/Zurich }`,
  )
  expect(parse(showConfig(config)).keys).toEqual(config.keys)
})
