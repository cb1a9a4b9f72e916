import { concatBytes, fromHex, parsePublicKeyHash, type PublicKeyHash } from '../../src/tezos/index.js'
import { ADDRESS } from '../e2e/daemon.js'
import { authentication, keys } from '../e2e/abuse/authentications.js'
import {
  attestation,
  block,
  blsAttestation,
  FOREIGN_CHAIN,
  operation,
  preattestation,
  TZ4,
  UNKNOWN_KEY,
} from '../server/fixture.js'
import { LIMITS } from './limit-cases.js'
import type { Case, Scene } from './scene.js'
import { signCase } from './sign-case.js'

const [TZ1, TZ2, TZ3] = [ADDRESS.tz1, ADDRESS.tz2, ADDRESS.tz3].map((text) => parsePublicKeyHash(text)!) as [
  PublicKeyHash,
  PublicKeyHash,
  PublicKeyHash,
]

const hex = (text: string) => fromHex(text)!
/** `bytes` with another byte at a place, which may be behind the end. */
const withByte = (bytes: Uint8Array, at: number, value: number) => {
  const copy = new Uint8Array(Math.max(bytes.length, at + 1))
  copy.set(bytes)
  copy[at] = value
  return copy
}
const more = (bytes: Uint8Array, count = 1) => concatBytes(bytes, new Uint8Array(count))
const less = (bytes: Uint8Array, count = 1) => bytes.subarray(0, bytes.length - count)
const authorised = (over: Uint8Array, rest: object = {}) => ({
  authentication: authentication({ over, of: TZ2, ...rest }),
})

const op = operation('contract')
/** An operation whose content has this tag and nothing behind it. */
const content = (tag: string) => concatBytes(Uint8Array.of(0x03), new Uint8Array(32), hex(tag))

const QUESTIONS: readonly Case[] = [
  { name: 'the public key of tz1', question: { kind: 'public-key', key: TZ1 }, expected: 'answered' },
  { name: 'the public key of tz2', question: { kind: 'public-key', key: TZ2 }, expected: 'answered' },
  { name: 'the public key of tz3', question: { kind: 'public-key', key: TZ3 }, expected: 'answered' },
  {
    name: 'a public key of nobody',
    question: { kind: 'public-key', key: UNKNOWN_KEY },
    expected: 'unknown-key',
  },
  { name: 'a public key of tz4', question: { kind: 'public-key', key: TZ4 }, expected: 'unknown-key' },
  { name: 'the authorized keys', question: { kind: 'authorized-keys' }, expected: 'answered' },
  { name: 'the known keys', question: { kind: 'known-keys' }, expected: 'known-keys-not-allowed' },
  {
    name: 'a proof of possession',
    question: { kind: 'bls-prove-possession', key: TZ4 },
    expected: 'not-supported',
  },
]

const AUTHENTICATION: readonly Case[] = [
  signCase('an authenticated request', TZ2, op, 'signed', authorised(op)),
  signCase('a request without authentication', TZ2, op, 'authentication-missing'),
  signCase('authentication over another payload', TZ2, op, 'authentication-invalid', authorised(more(op))),
  signCase('authentication for another key', TZ2, op, 'authentication-invalid', authorised(op, { of: TZ1 })),
  signCase(
    'authentication by another key',
    TZ2,
    op,
    'authentication-invalid',
    authorised(op, { by: keys.p256 }),
  ),
  signCase(
    'authentication with another prefix',
    TZ2,
    op,
    'authentication-invalid',
    authorised(op, { prefix: [4, 2] }),
  ),
  signCase('authentication where none is needed', TZ1, op, 'signed', authorised(op)),
  signCase('wrong authentication where none is needed', TZ1, op, 'signed', authorised(op, { by: keys.p256 })),
]

const RULES: readonly Case[] = [
  signCase('an operation that allow names', TZ1, op, 'signed'),
  signCase('an operation of tz3', TZ3, op, 'signed'),
  signCase('a key of nobody', UNKNOWN_KEY, op, 'unknown-key'),
  signCase('a key of tz4', TZ4, op, 'unknown-key'),
  signCase('a first byte that allowed_ops does not name', TZ1, block({ level: 5 }), 'magic-byte-not-allowed'),
  signCase('Michelson data where it is not allowed', TZ3, hex('0507070a'), 'magic-byte-not-allowed'),
  signCase('an operation that allow does not name', TZ1, content('6e'), 'operation-not-allowed'),
  signCase(
    'drain_delegate, which must be named',
    TZ3,
    content(`09${'00'.repeat(63)}`),
    'operation-not-allowed',
  ),
  signCase('a vote under 0x03', TZ3, content(`15${'00'.repeat(42)}`), 'operation-not-allowed'),
  signCase('a request to another signer', TZ3, hex('0401'), 'magic-byte-not-allowed'),
  signCase('a block of a dead protocol', TZ3, more(hex('01'), 40), 'magic-byte-not-allowed'),
  signCase('a vote of a dead protocol', TZ3, more(hex('02'), 40), 'magic-byte-not-allowed'),
  signCase('a byte that nobody knows', TZ3, hex('f8aa'), 'magic-byte-not-allowed'),
  signCase('a block of another chain', TZ3, block({ level: 5, chain: FOREIGN_CHAIN }), 'chain-not-allowed'),
  signCase(
    'a vote of another chain',
    TZ3,
    attestation({ level: 5, chain: FOREIGN_CHAIN }),
    'chain-not-allowed',
  ),
]

const MALFORMED: readonly Case[] = [
  signCase('no payload', TZ3, new Uint8Array(), 'malformed-body'),
  signCase('no payload for a key of nobody', UNKNOWN_KEY, new Uint8Array(), 'malformed-body'),
  signCase('the first byte of a block alone', TZ3, hex('11'), 'malformed-payload'),
  signCase('the first byte of a vote alone', TZ3, hex('13'), 'malformed-payload'),
  signCase('a block that is cut short', TZ3, less(block({ level: 5 })), 'malformed-payload'),
  signCase('a block with a byte more', TZ3, more(block({ level: 5 })), 'malformed-payload'),
  signCase('a block of a negative level', TZ3, block({ level: -5 }), 'malformed-payload'),
  signCase('a block of a negative round', TZ3, block({ level: 5, round: -1 }), 'malformed-payload'),
  signCase('a block with another fitness', TZ3, block({ level: 5, fitnessSize: 34 }), 'malformed-payload'),
  signCase('a block without fitness', TZ3, block({ level: 5, fitnessSize: 0 }), 'malformed-payload'),
  signCase(
    'a block whose fitness has another level',
    TZ3,
    withByte(block({ level: 5 }), 8, 6),
    'malformed-payload',
  ),
  signCase('a vote that is cut short', TZ3, less(attestation({ level: 5 })), 'malformed-payload'),
  signCase('a vote with a byte more', TZ3, more(preattestation({ level: 5 })), 'malformed-payload'),
  signCase('a vote of a negative level', TZ3, attestation({ level: -1 }), 'malformed-payload'),
  signCase('a vote of a negative round', TZ3, attestation({ level: 5, round: -1 }), 'malformed-payload'),
  signCase(
    'a vote with another tag',
    TZ3,
    withByte(attestation({ level: 5 }), 37, 0x1f),
    'malformed-payload',
  ),
  signCase(
    'a preattestation under 0x13',
    TZ3,
    withByte(preattestation({ level: 5 }), 0, 0x13),
    'malformed-payload',
  ),
  signCase('the vote of a tz4 key', TZ3, blsAttestation(5), 'malformed-payload'),
  signCase('a payload of 1016 bytes', TZ3, more(hex('03'), 1015), 'payload-too-long'),
  signCase('a payload of 2000 bytes', TZ3, more(hex('11'), 1999), 'payload-too-long'),
  signCase('a payload of 5000 bytes', TZ3, more(hex('03'), 4999), 'body-too-large'),
  signCase('a payload of 60000 bytes', TZ3, more(hex('03'), 59_999), 'body-too-large'),
]

/** In this order: each begins where the one before it left the marks. */
const marksOf = (name: string, make: typeof attestation): readonly Case[] => [
  signCase(`a first ${name}`, TZ3, make({ level: 100 }), 'signed'),
  signCase(`the same ${name} again`, TZ3, make({ level: 100 }), 'repeated'),
  signCase(`another ${name} for its level`, TZ3, make({ level: 100, seed: 1 }), 'conflicts-with-mark'),
  signCase(`a ${name} below`, TZ3, make({ level: 99 }), 'below-mark'),
  signCase(`a ${name} of the next round`, TZ3, make({ level: 100, round: 1 }), 'signed'),
  signCase(`a ${name} of the round before`, TZ3, make({ level: 100 }), 'below-mark'),
  signCase(`a ${name} of the next level`, TZ3, make({ level: 101 }), 'signed'),
  signCase(`a ${name} too far above`, TZ3, make({ level: 101 + 14_401 }), 'level-gap'),
  signCase(
    `a ${name} without a mark`,
    TZ1,
    make({ level: 5 }),
    name === 'block' ? 'magic-byte-not-allowed' : 'no-mark',
  ),
]

/** The last ones: they leave the board as it must not be. */
const DEVICE: readonly Case[] = [
  signCase('a board that is slow', TZ1, operation('slow'), 'signed', {
    before: ({ rack }) => void rack.arm('late-reply', { ms: 150 }, { times: 1 }),
  }),
  signCase('a board that signs wrongly', TZ3, attestation({ level: 102 }), 'signature-invalid', {
    before: ({ rack }) => void rack.arm('wrong-signature', {}, { times: 1 }),
  }),
  signCase('a board that is gone', TZ3, attestation({ level: 103 }), 'device-unavailable', {
    before: (stage) => stage.unplug(),
  }),
  signCase('a stored signature without a board', TZ3, preattestation({ level: 101 }), 'repeated'),
  signCase('a board that is there again', TZ3, attestation({ level: 103 }), 'signed', {
    before: (stage) => stage.replug(),
  }),
  signCase('a board that answers nothing', TZ1, operation('stalled'), 'device-timeout', {
    before: ({ rack }) => void rack.arm('stall', {}, { times: 1 }),
  }),
]

const keysSection = (tz1: string) => `policy:
  signing_keys:
    ${TZ1}: { allowed_ops: [${tz1}], allow: [register_global_constant, attestation, preattestation], auth_req: false }
    ${TZ2}: { allowed_ops: [0x03], auth_req: true }
    ${TZ3}: { allowed_ops: [0x03, 0x11, 0x12, 0x13], auth_req: false }
  auth_key: { pkh: tz3QaGkVCH9iVy4Rh7fQJobiQnc4yJpQKoMJ }
`

/** Every case, by the daemon that it needs. A new one is one line in one of the lists. */
export const SCENES: readonly Scene[] = [
  LIMITS,
  {
    name: 'a daemon with rules',
    initConfig: keysSection('0x03'), // so that tz1 has no marks for what it may sign afterwards
    config: `device: { timeout_ms: 400 }\n${keysSection('0x03, 0x12, 0x13')}`,
    cases: [
      ...QUESTIONS,
      ...AUTHENTICATION,
      ...RULES,
      ...MALFORMED,
      ...marksOf('block', block),
      ...marksOf('preattestation', preattestation),
      ...marksOf('attestation', attestation),
      ...DEVICE,
    ],
  },
  {
    name: 'a daemon whose node is silent',
    config: `head_check: { rpc: "http://127.0.0.1:9", on_error: refuse }\n${keysSection('0x03')}`,
    cases: [
      signCase('a vote', TZ3, attestation({ level: 5 }), 'head-unknown'),
      signCase('a block', TZ3, block({ level: 5 }), 'head-unknown'),
      signCase('an operation', TZ3, op, 'signed'),
    ],
  },
]
