import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { octezBody, operation, outcome } from '../../server/fixture.js'
import { exchange, octezGet, octezPost } from '../../server/raw-client.js'
import { ADDRESS } from '../daemon.js'
import { CARRIERS, START_MS, Target } from './target.js'

let target: Target
beforeAll(async () => {
  target = await Target.start()
}, START_MS)
afterAll(() => target.close())
afterEach(() => target.signsHonestly())

const KEY = ADDRESS.tz3
const payload = operation()
const BODY = octezBody(payload)

const MALFORMED = '400 malformed-key'
const NOT_FOUND = '404 not-found'
const BROKEN = '400 malformed-body'

/** What stands for a key, and is none. */
const NAMES: Readonly<Record<string, string>> = {
  '%00': MALFORMED,
  [`${KEY}%00`]: MALFORMED,
  [`%00${KEY}`]: MALFORMED,
  [`${KEY}%20`]: MALFORMED,
  [`${KEY}%0a`]: MALFORMED,
  [`${KEY}%0d%0aHost:%20evil`]: MALFORMED,
  [`${KEY}%2f..`]: MALFORMED,
  [`..%2f${KEY}`]: MALFORMED,
  '%zz': MALFORMED,
  '%ff%fe': MALFORMED,
  '%': MALFORMED,
  [`${KEY};x=y`]: MALFORMED,
  [KEY.toUpperCase()]: MALFORMED,
  [KEY.slice(0, -1)]: MALFORMED,
  [`${KEY}1`]: MALFORMED,
  [KEY.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'))]: MALFORMED,
  [KEY.replace('tz3', 'tz1')]: MALFORMED,
  KT1PWx2mnDueood7fEmfbBDKx1D9BAnnXitn: MALFORMED,
  sr1Ghq66tYK9y3r8CC1Tf8i8m5nxh8nTvZEf: MALFORMED,
  ['t'.repeat(10_240)]: MALFORMED,
  ['1'.repeat(10_240)]: MALFORMED,
  [`tz3${'%31'.repeat(3_000)}`]: MALFORMED,
  __proto__: MALFORMED,
  'constructor?version=3': MALFORMED,
  hasOwnProperty: MALFORMED,
}

describe.each(CARRIERS)('F42 by %s', (_name, carrier) => {
  it('a name that is no key is 400, whether it is read or asked to sign', async () => {
    for (const [name, expected] of Object.entries(NAMES)) {
      const path = `/keys/${name}`
      const signing = { path, headers: { 'content-type': 'application/json' }, body: BODY }
      const answers = await target.untouchedBy(async () => [
        outcome(await carrier(target, { path, method: 'GET' })),
        outcome(await carrier(target, signing)),
      ])
      expect([name, ...answers]).toEqual([name, expected, expected])
    }
  })

  it('a version that is none, or a field given twice, is 400', async () => {
    for (const query of [
      'version=4',
      'version=',
      'version=3&version=3',
      'version=%00',
      'version=-0',
      'version=3.0',
    ]) {
      const asked = {
        path: `/keys/${KEY}?${query}`,
        headers: { 'content-type': 'application/json' },
        body: BODY,
      }
      expect([query, outcome(await target.untouchedBy(() => carrier(target, asked)))]).toEqual([
        query,
        '400 malformed-query',
      ])
    }
  })
})

/** Request targets of every form, and what a GET and a POST of them is answered. */
const TARGETS: Readonly<Record<string, string>> = {
  '/..': NOT_FOUND,
  '/../': NOT_FOUND,
  '/keys/..': MALFORMED,
  '/keys/.': MALFORMED,
  '/keys/%2e%2e': MALFORMED,
  '/keys/%2E.': MALFORMED,
  '/keys/../': NOT_FOUND,
  [`/keys/../keys/${KEY}`]: NOT_FOUND,
  [`/keys/%2e%2e/keys/${KEY}`]: NOT_FOUND,
  [`/./keys/${KEY}`]: NOT_FOUND,
  [`/x/..//keys/${KEY}`]: NOT_FOUND,
  [`/..;/keys/${KEY}`]: NOT_FOUND,
  [`/%2e%2e%2fkeys/${KEY}`]: NOT_FOUND,
  [`/keys%2f${KEY}`]: NOT_FOUND,
  [`/keys/${KEY}/`]: NOT_FOUND,
  [`/keys/${KEY}/..`]: NOT_FOUND,
  [`/Keys/${KEY}`]: NOT_FOUND,
  '/keys': NOT_FOUND,
  '/keys//': NOT_FOUND,
  '/metrics': NOT_FOUND,
  '/readyz': NOT_FOUND,
  '/marks/raise': NOT_FOUND,
  '/marks': NOT_FOUND,
  [`http://localhost/../keys/${KEY}`]: NOT_FOUND,
  [`http://localhost:1/x/%2e%2e/keys/${KEY}`]: NOT_FOUND,
  [`HTTP://LOCALHOST/keys/${KEY}`]: BROKEN,
  [`/%6beys/${KEY}`]: NOT_FOUND,
  [`ftp://localhost/keys/${KEY}`]: BROKEN,
  [`javascript:/keys/${KEY}`]: BROKEN,
  [`keys/${KEY}`]: BROKEN,
  [`\\keys\\${KEY}`]: BROKEN,
  [`/\\keys/${KEY}`]: BROKEN,
  '*': BROKEN,
  '?': BROKEN,
  '/keys/é': BROKEN,
  '/keys/\u0000': BROKEN,
  '/keys/\u007f': BROKEN,
}

describe('F42 a request target', () => {
  it.each(Object.entries(TARGETS))('%j is refused', async (path, expected) => {
    const answers = await target.untouchedBy(async () => [
      outcome(await exchange(target.port, octezGet(path))),
      outcome(await exchange(target.port, octezPost(KEY, payload).replace(`/keys/${KEY}?version=3`, path))),
    ])
    expect(answers).toEqual([expected, expected])
  })

  it.each([
    `//keys/${KEY}`,
    `/keys//${KEY}`,
    `////keys////${KEY}`,
    `http://localhost/keys/${KEY}`,
    `/keys/${KEY.replace('t', '%74')}`,
    `/keys/${KEY}?version=3&x=/../&y=%00`,
    `/keys/${KEY}?`,
  ])('%j is another way to write a right one, and signed', async (path) => {
    const request = octezPost(KEY, payload).replace(`/keys/${KEY}?version=3`, path)
    expect(outcome(await exchange(target.port, request))).toBe('200')
  })
})
