import { describe, expect, test } from 'vitest'
import { authenticateRequest } from '../../src/policy/authentication.js'
import { UNKNOWN_CALLER } from '../../src/policy/index.js'
import {
  concatBytes,
  CURVES,
  encodeBase58,
  encodeSignature,
  publicKeyHashBytes,
  type Curve,
  type PublicKey,
  type PublicKeyHash,
} from '../../src/tezos/index.js'
import { authorized, signWith, testKey, TZ1, TZ3, type TestKey } from './fixture.js'

const PAYLOAD = Uint8Array.of(0x11, 1, 2, 3)

function messageOf(target: PublicKeyHash, payload: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(0x04, 0x01), publicKeyHashBytes(target), payload)
}

/** The refusal of a request under one authorized key. */
function checkAuthentication(
  publicKey: PublicKey,
  publicKeyHash: PublicKeyHash,
  payload: Uint8Array,
  authentication: string | undefined,
) {
  const rules = { keys: [authorized('baker', publicKey)] }
  const request = { publicKeyHash, payload, authentication, caller: UNKNOWN_CALLER }
  const answer = authenticateRequest(rules, request)
  return answer.outcome === 'refused' ? answer.refusal : undefined
}

const rawBy = (key: TestKey, target = TZ3, payload = PAYLOAD) => signWith(key, messageOf(target, payload))

const textBy = (key: TestKey, target = TZ3, payload = PAYLOAD) =>
  encodeSignature(key.curve, rawBy(key, target, payload))

describe.each<Curve>([...CURVES])('a request under an %s authentication key', (curve) => {
  const key = testKey(curve)
  const code = (authentication: string | undefined) =>
    checkAuthentication(key.publicKey, TZ3, PAYLOAD, authentication)?.code

  test('F40 passes with the key’s signature over this key and payload', () => {
    expect(code(textBy(key))).toBeUndefined()
  })

  test('F40 passes with the generic form of it', () => {
    expect(code(encodeBase58('sig', rawBy(key)))).toBeUndefined()
  })

  test('F40 without a signature is told that one is missing', () => {
    expect(code(undefined)).toBe('authentication-missing')
  })

  test.each([
    ['nothing', ''],
    ['no base58', 'edsig0OIl'],
    ['a key', 'edpkuMtzfUL2Ak7CFrRcZX5Cg16qjzUajtJLM6scwk14uAoSVu3GmP'],
    ['a long text', '1'.repeat(10_000)],
    ['a wrong checksum', `${textBy(key).slice(0, -1)}${textBy(key).endsWith('1') ? '2' : '1'}`],
    ['a space behind it', `${textBy(key)} `],
  ])('F40 with %s is invalid', (_, text) => {
    expect(code(text)).toBe('authentication-invalid')
  })

  test('F40 with another curve’s signature is invalid, in its own form and in the generic one', () => {
    for (const other of CURVES.filter((candidate) => candidate !== curve)) {
      expect(code(textBy(testKey(other)))).toBe('authentication-invalid')
      expect(code(encodeBase58('sig', rawBy(testKey(other))))).toBe('authentication-invalid')
      expect(code(encodeSignature(other, rawBy(key)))).toBe('authentication-invalid')
    }
  })

  test('F40 with another key’s signature is invalid', () => {
    expect(code(textBy(testKey(curve, 0x22)))).toBe('authentication-invalid')
  })

  test('F40 with a signature over another payload or for another key is invalid', () => {
    expect(code(textBy(key, TZ3, Uint8Array.of(0x11, 1, 2, 4)))).toBe('authentication-invalid')
    expect(code(textBy(key, TZ3, Uint8Array.of()))).toBe('authentication-invalid')
    expect(code(textBy(key, TZ1))).toBe('authentication-invalid')
  })

  test('F40 with a signature over the payload alone is invalid', () => {
    expect(code(encodeSignature(curve, signWith(key, PAYLOAD)))).toBe('authentication-invalid')
  })

  test('F40 with a flipped bit or zeros is invalid', () => {
    const flipped = rawBy(key)
    flipped[40] = (flipped[40] ?? 0) ^ 1
    expect(code(encodeSignature(curve, flipped))).toBe('authentication-invalid')
    expect(code(encodeSignature(curve, new Uint8Array(64)))).toBe('authentication-invalid')
  })

  test('a refusal shows no signature and no payload', () => {
    const text = textBy(testKey(curve, 0x22))
    const refusal = checkAuthentication(key.publicKey, TZ3, PAYLOAD, text)
    expect(refusal?.message).not.toContain(text)
    expect(refusal?.message).not.toContain('11010203')
  })
})
