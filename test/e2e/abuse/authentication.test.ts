import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { encodeSignature, type PublicKeyHash } from '../../../src/tezos/index.js'
import { attestation, octezBody, operation, outcome } from '../../server/fixture.js'
import { ADDRESS } from '../daemon.js'
import {
  authenticated,
  authentication,
  KEY,
  keys,
  LOCKED_CONFIG,
  type Authenticates,
} from './authentications.js'
import { CARRIERS, START_MS, Target } from './target.js'

const OTHER_KEY = ADDRESS.tz1 as PublicKeyHash
const JSON_TYPE = { 'content-type': 'application/json' }
const payload = operation()

let target: Target
beforeAll(async () => {
  target = await Target.start(LOCKED_CONFIG)
}, START_MS)
afterAll(() => target.close())
afterEach(() => target.signsHonestly(authenticated))

const by = (changed: Partial<Authenticates>) => authentication({ over: payload, ...changed })
const right = by({})
const INVALID: Readonly<Record<string, string>> = {
  empty: '',
  'no base58': '!!!',
  'a word': 'p2sigJunk',
  'cut short': right.slice(0, -1),
  'longer by a letter': `${right}1`,
  'with another last letter': right.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')),
  'in white space': `%20${right}`,
  'behind a zero byte': `%00${right}`,
  'of 15 kB': 'p2sig'.padEnd(15_000, '1'),
  'in the form of tz1': by({ form: 'ed25519' }),
  'in the form of tz2': by({ form: 'secp256k1' }),
  'by a key of another curve, in its form': by({ by: keys.ed25519, form: 'ed25519' }),
  'by a key of another curve, in the right form': by({ by: keys.secp256k1 }),
  'by the signing key itself': by({ by: keys.p256 }),
  'over another key': by({ of: OTHER_KEY }),
  'over another payload': by({ over: operation('other') }),
  'over the payload cut short': by({ over: payload.subarray(0, -1) }),
  'over no payload': by({ over: new Uint8Array() }),
  'with another prefix': by({ prefix: [4, 0] }),
  'without the prefix': by({ prefix: [] }),
  'all zeros': encodeSignature('p256', new Uint8Array(64)),
}

describe.each(CARRIERS)('F40 by %s, a request with an authentication', (_name, carrier) => {
  const ask = async (query: string, asked = payload, key: string = KEY) =>
    outcome(
      await carrier(target, { path: `/keys/${key}${query}`, headers: JSON_TYPE, body: octezBody(asked) }),
    )

  it.each(Object.entries(INVALID))('%s is 401 and reaches no board', async (_what, text) => {
    const answer = await target.untouchedBy(() => ask(`?authentication=${text}&version=3`))
    expect(answer).toBe('401 authentication-invalid')
  })

  it('missing, or in another place, is 401', async () => {
    const queries = ['', '?', '?version=3', `?Authentication=${right}`, `?auth=${right}`]
    const elsewhere = { ...JSON_TYPE, authorization: right, authentication: right }
    for (const query of queries) {
      const asked = { path: `/keys/${KEY}${query}`, headers: elsewhere, body: octezBody(payload) }
      expect(outcome(await target.untouchedBy(() => carrier(target, asked)))).toBe(
        '401 authentication-missing',
      )
    }
  })

  it('given twice is 400, be both right', async () => {
    for (const pair of [
      [right, right],
      [right, 'x'],
      ['x', right],
    ]) {
      const query = `?${pair.map((value) => `authentication=${value}`).join('&')}`
      expect(await target.untouchedBy(() => ask(query))).toBe('400 malformed-query')
    }
  })

  it('that is right for another request is 401 for this one', async () => {
    const query = `?authentication=${right}`
    expect(await target.untouchedBy(() => ask(query, attestation({ level: 3 })))).toBe(
      '401 authentication-invalid',
    )
    expect(await target.untouchedBy(() => ask(query, payload, OTHER_KEY))).toBe('401 authentication-invalid')
    expect(await ask(query)).toBe('200')
  })
})
