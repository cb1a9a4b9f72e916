import { bls12_381 } from '@noble/curves/bls12-381.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { admit, understand } from '../../src/policy/admission.js'
import type { KeyRules } from '../../src/policy/index.js'
import {
  concatBytes,
  encodeBase58,
  encodeSignature,
  publicKeyHashBytes,
  type AuthenticationPublicKey,
} from '../../src/tezos/index.js'
import { block } from '../tezos/build-payload.js'
import { authorized, MAINNET, signWith, testKey, TZ1, TZ3 } from './fixture.js'

const PAYLOAD = block()
const DOMAIN = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_'
const { longSignatures } = bls12_381
const BLS_SECRET = new Uint8Array(32).fill(7)
const BLS: AuthenticationPublicKey = {
  curve: 'bls12-381',
  bytes: longSignatures.getPublicKey(BLS_SECRET).toBytes(),
}

const message = (target = TZ3, payload = PAYLOAD) =>
  concatBytes(Uint8Array.of(0x04, 0x01), publicKeyHashBytes(target), payload)
const by = (curve: 'ed25519' | 'secp256k1' | 'p256', fill: number, over = message()) => {
  const key = testKey(curve, fill)
  return encodeSignature(curve, signWith(key, over))
}
const blsBy = (over: Uint8Array) =>
  encodeBase58('BLsig', longSignatures.sign(longSignatures.hash(over, DOMAIN), BLS_SECRET).toBytes())

/** Who a key of the bridge's configuration belongs to. */
const KEYS = [
  authorized('ed', testKey('ed25519', 0x31).publicKey),
  authorized('secp', testKey('secp256k1', 0x32).publicKey),
  authorized('p256', testKey('p256', 0x33).publicKey),
  authorized('bls', BLS),
]

/** Every signature that a request may carry, and whom it proves; `undefined` proves nobody. */
const SIGNATURES: readonly (readonly [text: string, proves: string | undefined])[] = [
  [by('ed25519', 0x31), 'ed'],
  [by('secp256k1', 0x32), 'secp'],
  [by('p256', 0x33), 'p256'],
  [blsBy(message()), 'bls'],
  [encodeBase58('sig', signWith(testKey('p256', 0x33), message())), 'p256'],
  [by('p256', 0x55), undefined],
  [by('ed25519', 0x31, message(TZ1)), undefined],
  [by('ed25519', 0x31, PAYLOAD), undefined],
  [blsBy(message(TZ1)), undefined],
  [encodeBase58('BLsig', new Uint8Array(96)), undefined],
  ['', undefined],
  ['edsig', undefined],
]

const names = ['ed', 'secp', 'p256', 'bls', 'certified', 'spare']
const requests = fc.record({
  requires: fc.boolean(),
  listed: fc.option(fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }), { nil: undefined }),
  registered: fc.uniqueArray(fc.constantFrom(...KEYS), { selector: ({ client }) => client }),
  signature: fc.option(fc.constantFrom(...SIGNATURES), { nil: undefined }),
  shown: fc.uniqueArray(fc.constantFrom('certified', 'spare')),
  invalid: fc.option(fc.constant('the token is no client’s'), { nil: undefined, freq: 5 }),
})
type Drawn = typeof requests extends fc.Arbitrary<infer Value> ? Value : never

/** The rule in few words: what a request is told. */
function expected({ requires, listed, registered, signature, shown, invalid }: Drawn): string {
  // The configuration refuses a list that nobody has to prove anything for; without it the list still counts.
  if (!requires) return listed === undefined ? 'asked' : 'client-not-allowed'
  const signer = registered.find(({ client }) => client === signature?.[1])?.client
  if (invalid !== undefined) return 'authentication-invalid'
  if (signature !== undefined && signer === undefined) return 'authentication-invalid'
  const proven = [...shown, ...(signer === undefined ? [] : [signer])]
  if (proven.length === 0) return 'authentication-missing'
  return listed === undefined || proven.some((one) => listed.includes(one)) ? 'asked' : 'client-not-allowed'
}

const NOTHING: Drawn = {
  ...{ requires: true, listed: undefined, registered: KEYS, signature: undefined },
  ...{ shown: [], invalid: undefined },
}
/** Each answer that there is comes at least once. */
const ONE_OF_EACH: [Drawn][] = [
  [NOTHING],
  [{ ...NOTHING, shown: ['spare'] }],
  [{ ...NOTHING, shown: ['spare'], listed: ['certified'] }],
  [{ ...NOTHING, shown: ['spare'], invalid: 'the token is no client’s' }],
]

test('no combination of signature, certificate and token gets through that should not, and every one that should', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(requests, (drawn) => {
      const { requires, listed, registered, signature, shown, invalid } = drawn
      const rules: KeyRules = {
        ...{ publicKeyHash: TZ3, allowedMagicBytes: 'any', allow: undefined, chains: [MAINNET] },
        ...{ requiresAuthentication: requires, clients: listed },
      }
      const request = {
        ...{ requestId: 'r', publicKeyHash: TZ3, payload: PAYLOAD, authentication: signature?.[0] },
        ...{ caller: { clients: shown, invalid }, deadlineAt: 0, signal: undefined },
      }
      const understood = understand([rules], request)
      if (understood.rules === undefined) throw new Error(understood.refusal.message)
      const { refusal } = admit(understood, request, { keys: registered }, new Date(0))
      const code = refusal?.code ?? 'asked'
      seen.add(code)
      expect(code).toBe(expected(drawn))
    }),
    { numRuns: 400, examples: ONE_OF_EACH },
  )
  expect([...seen].sort()).toEqual([
    ...['asked', 'authentication-invalid', 'authentication-missing', 'client-not-allowed'],
  ])
}, 60_000)
