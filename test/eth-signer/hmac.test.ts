import { describe, expect, test } from 'vitest'
import { HmacGate, type HmacRules, type SignedRequest } from '../../src/eth-signer/index.js'
import { bytes } from '../ethereum/golden.js'
import { Bench, hmacOf, START } from './fixture.js'

describe('E1', () => {
  const KEY = bytes('0xE49756B4C8FAB4E48222A3E7F3B97CC3')
  const CONTENT = Buffer.from('{"user_id": 1}')
  const seconds = (offset = 0) => String(Math.floor(START.getTime() / 1000) + offset)
  const NONCE = 'abcdefghijklmnop'

  function gate(scheme: HmacRules['scheme'], bench = new Bench()) {
    const made = new HmacGate({ scheme, key: KEY, maxSkewMs: 300_000 }, bench.ledger, () => bench.now)
    return { bench, check: (request: SignedRequest) => made.check(request)?.code ?? 'let in' }
  }

  const v1 = (timestamp: string, nonce: string, content: Uint8Array = CONTENT): SignedRequest => ({
    ...{ timestamp, nonce, content },
    signature: hmacOf(KEY, Buffer.concat([Buffer.from(`${timestamp}.${nonce}.`), content])),
  })

  test.each([
    ['upper-case hex', hmacOf(KEY, CONTENT).toUpperCase(), 'let in'],
    ['lower-case hex', hmacOf(KEY, CONTENT), 'let in'],
    ['no header', undefined, 'unauthenticated-request'],
    ['an empty header', '', 'unauthenticated-request'],
    ['a digit too few', hmacOf(KEY, CONTENT).slice(1), 'unauthenticated-request'],
    ['a digit too many', `${hmacOf(KEY, CONTENT)}0`, 'unauthenticated-request'],
    ['what is no hex', 'z'.repeat(64), 'unauthenticated-request'],
    ['zeros', '0'.repeat(64), 'unauthenticated-request'],
    ['the HMAC of another key', hmacOf(Buffer.alloc(16), CONTENT), 'unauthenticated-request'],
    ['the HMAC of another body', hmacOf(KEY, '{"user_id":1}'), 'unauthenticated-request'],
  ])('hmac-v0-rawbody: %s', (_, signature, expected) => {
    expect(gate('hmac-v0-rawbody').check({ signature, content: CONTENT })).toBe(expected)
  })

  test('every refusal before the key is proven reads the same', () => {
    const made = new HmacGate(
      { scheme: 'hmac-v1', key: KEY, maxSkewMs: 1000 },
      new Bench().ledger,
      () => START,
    )
    const refusals = [
      made.check({ signature: undefined, content: CONTENT }),
      made.check({ signature: 'z', timestamp: seconds(), nonce: NONCE, content: CONTENT }),
      made.check({ ...v1(seconds(), NONCE), content: Buffer.from('x') }),
      made.check(v1('soon', NONCE)),
      made.check(v1(seconds(), 'short')),
    ]
    expect(new Set(refusals.map((refusal) => JSON.stringify(refusal))).size).toBe(1)
  })

  test.each([
    ['now', seconds(), 'let in'],
    ['as old as is allowed', seconds(-299), 'let in'],
    ['older', seconds(-302), 'unauthenticated-request'],
    ['as far ahead as is allowed', seconds(300), 'let in'],
    ['further ahead', seconds(302), 'unauthenticated-request'],
  ])('hmac-v1: a request of %s', (_, timestamp, expected) => {
    expect(gate('hmac-v1').check(v1(timestamp, NONCE))).toBe(expected)
  })

  test('hmac-v1: a recorded request is refused, after a restart and a roll of the ledger too', () => {
    const bench = new Bench({ segmentBytes: 1 })
    expect(gate('hmac-v1', bench).check(v1(seconds(), NONCE))).toBe('let in')
    expect(gate('hmac-v1', bench).check(v1(seconds(), NONCE))).toBe('unauthenticated-request')
    expect(gate('hmac-v1', bench).check(v1(seconds(1), NONCE))).toBe('unauthenticated-request')
    for (let other = 0; other < 20; other++) {
      expect(gate('hmac-v1', bench).check(v1(seconds(), `${NONCE}-${other}`))).toBe('let in')
    }
    bench.restart()
    expect(gate('hmac-v1', bench).check(v1(seconds(), NONCE))).toBe('unauthenticated-request')
  })

  test('hmac-v1: a nonce is forgotten when its time is over, and the request is too old then', () => {
    const bench = new Bench({ segmentBytes: 1 })
    const recorded = v1(seconds(), NONCE)
    expect(gate('hmac-v1', bench).check(recorded)).toBe('let in')
    bench.later(1)
    for (let other = 0; other < 9; other++)
      gate('hmac-v1', bench).check(v1(seconds(3600), `${NONCE}-${other}`))
    expect(bench.ledger.hasNonce(NONCE)).toBe(false)
    expect(bench.ledger.hasNonce(`${NONCE}-8`)).toBe(true)
    expect(gate('hmac-v1', bench).check(recorded)).toBe('unauthenticated-request')
  })

  test('hmac-v1: nothing is let in while the clock is behind the ledger', () => {
    const bench = new Bench()
    expect(gate('hmac-v1', bench).check(v1(seconds(), NONCE))).toBe('let in')
    bench.now = new Date(START.getTime() - 11_000)
    expect(gate('hmac-v1', bench).check(v1(seconds(), `${NONCE}2`))).toBe('clock-went-back')
    bench.now = new Date(START.getTime() - 9_000)
    expect(gate('hmac-v1', bench).check(v1(seconds(), `${NONCE}2`))).toBe('let in')
  })

  test('hmac-v1: the timestamp and the nonce are signed too', () => {
    const request = v1(seconds(), NONCE)
    expect(gate('hmac-v1').check({ ...request, nonce: `${NONCE}2` })).toBe('unauthenticated-request')
    expect(gate('hmac-v1').check({ ...request, timestamp: seconds(1) })).toBe('unauthenticated-request')
  })

  test.each([15, 65])('a key of %i bytes is refused at once', (size) => {
    const { ledger } = new Bench()
    const rules = { scheme: 'hmac-v1', key: new Uint8Array(size), maxSkewMs: 1 } as const
    expect(() => new HmacGate(rules, ledger)).toThrow(/must have 16 to 64/)
  })
})
