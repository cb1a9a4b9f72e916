import { expect, test } from 'vitest'
import { nonceUse, NonceWatch, type NonceUse } from '../../src/policy/nonce-watch.js'
import { concatBytes, toHex } from '../../src/tezos/index.js'
import { be32 } from '../tezos/build-payload.js'
import { digestOf, TZ3 } from './fixture.js'

/** The nonce of an imaginary signature with this R and S. */
function use(payload: number, r: number, s = 1): NonceUse {
  const signature = concatBytes(be32(r), new Uint8Array(28), be32(s), new Uint8Array(28))
  return nonceUse(TZ3, digestOf(payload), toHex(signature))!
}

test('F22 one payload signed twice is no reuse: a device may make the same signature again', () => {
  const watch = new NonceWatch()
  for (let times = 0; times < 3; times++) expect(watch.accepts(use(1, 1))).toBe(true)
  expect(watch.accepts(use(2, 2))).toBe(true)
})

test('F22 the same nonce is noticed although the rest of the signature is another', () => {
  const watch = new NonceWatch()
  expect(watch.accepts(use(1, 1, 1))).toBe(true)
  expect(watch.accepts(use(2, 1, 2))).toBe(false)
})
