import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { authorise, MAX_PAYLOAD_BYTES, readPayload, type KeyRules } from '../../src/policy/index.js'
import {
  concatBytes,
  encodeBase58,
  parseChainId,
  type PublicKeyHash,
  type Signable,
} from '../../src/tezos/index.js'
import {
  block,
  content,
  filled,
  managerContent,
  operation,
  TRANSACTION,
  vote,
} from '../tezos/build-payload.js'
import { payloadVectors, payload as vector, hex } from '../tezos/golden-data.js'
import { GHOSTNET, MAINNET, testKey, TZ1, TZ3 } from './fixture.js'

const NOW = new Date('2026-11-20T12:00:00Z')

const ANYTHING: KeyRules = {
  publicKeyHash: TZ3,
  allowedMagicBytes: 'any',
  allow: undefined,
  chains: [MAINNET],
  requiresAuthentication: false,
}

/** The code of the refusal of a payload, or `allowed`. */
function check(payload: Uint8Array, rules: Partial<KeyRules> = {}): string {
  const key = { ...ANYTHING, ...rules }
  const read = readPayload(key, payload)
  if (read.outcome === 'refused') return read.refusal.code
  return authorise({ key, signable: read.signable, clients: [], now: NOW })?.code ?? 'allowed'
}

function reason(payload: Uint8Array, rules: Partial<KeyRules> = {}): string {
  const key = { ...ANYTHING, ...rules }
  const read = readPayload(key, payload)
  return (
    (read.outcome === 'refused'
      ? read.refusal
      : authorise({ key, signable: read.signable, clients: [], now: NOW })
    )?.message ?? ''
  )
}

const DRAIN = content(9, filled(63, 0x00))
const NEW_KEY = concatBytes(Uint8Array.of(0x02), filled(33), Uint8Array.of(0x00))
const michelson = Uint8Array.of(0x05, 1, 2)

/** A payload that is well-formed wherever its first byte has a form. */
function payloadOf(magicByte: number): Uint8Array {
  switch (magicByte) {
    case 0x03:
      return operation(TRANSACTION)
    case 0x11:
      return block()
    case 0x12:
      return vote({ tag: 0x14 })
    case 0x13:
      return vote({ tag: 0x15 })
    case 0x80:
      return vector('TZIP-26')
    default:
      return concatBytes(Uint8Array.of(magicByte), filled(80))
  }
}

describe('the first byte', () => {
  const ALLOWED = [0x03, 0x05, 0x11, 0x12, 0x13]

  test('F35 of all 256, only five are ever signed, whatever a key allows', () => {
    const all = Array.from({ length: 256 }, (_, byte) => byte)
    const every = ['block', 'preattestation', 'attestation', 'michelson_data', 'transaction']
    const others = ['authenticated_request', 'offchain_message', 'unknown']
    const UNRULED: Partial<KeyRules> = {}
    for (const rules of [
      UNRULED,
      { allowedMagicBytes: all },
      { allowedMagicBytes: all, allow: [...every, ...others] },
    ]) {
      for (const byte of all) {
        const isUnnamed = byte === 0x05 && rules === UNRULED
        const signed = isUnnamed ? 'operation-not-allowed' : 'allowed'
        const expected = ALLOWED.includes(byte) ? signed : 'magic-byte-not-allowed'
        expect([byte, check(payloadOf(byte), rules)]).toEqual([byte, expected])
      }
    }
  })

  test('F35 of all 256, none is signed that the key does not allow', () => {
    for (let byte = 0; byte < 256; byte++) {
      for (const allowedMagicBytes of [[], ALLOWED.filter((other) => other !== byte)]) {
        expect(check(payloadOf(byte), { allowedMagicBytes })).toBe('magic-byte-not-allowed')
      }
    }
  })

  test('is named in the refusal with what is allowed', () => {
    expect(reason(block(), { allowedMagicBytes: [0x03, 0x13] })).toBe(
      `magic byte 0x11 not allowed: allowed_ops of ${TZ3} has 0x03, 0x13`,
    )
    expect(reason(block(), { allowedMagicBytes: [] })).toMatch(/has nothing$/)
    expect(reason(Uint8Array.of(0x00))).toMatch(/^magic byte 0x00 not allowed/)
    expect(reason(payloadOf(0x04))).toMatch(/authenticated_request is never signed/)
  })

  test('of no bytes at all is malformed', () => {
    expect(check(new Uint8Array())).toBe('malformed-payload')
  })
})

describe('the chain', () => {
  test.each([block(), vote({ tag: 0x14 }), vote({ tag: 0x15 }), vote({ tag: 0x17 })])(
    'F35 must be one of the key’s, for every kind with a mark',
    (payload) => {
      expect(check(payload, { chains: [MAINNET] })).toBe('allowed')
      expect(check(payload, { chains: [GHOSTNET, MAINNET] })).toBe('allowed')
      expect(check(payload, { chains: [GHOSTNET] })).toBe('chain-not-allowed')
      expect(check(payload, { chains: [] })).toBe('chain-not-allowed')
    },
  )

  test('F35 of one other bit is another chain', () => {
    expect(check(block({ chainId: Uint8Array.of(0x7a, 0x06, 0xa7, 0x71) }))).toBe('chain-not-allowed')
    expect(reason(block(), { chains: [GHOSTNET] })).toContain(MAINNET)
    expect(parseChainId(MAINNET)).toBe(MAINNET)
  })

  test('does not matter to what carries none', () => {
    expect(check(operation(TRANSACTION), { chains: [] })).toBe('allowed')
    expect(check(michelson, { chains: [], allowedMagicBytes: [0x05] })).toBe('allowed')
  })
})

describe('kinds by name', () => {
  test.each<[string, Uint8Array, string]>([
    ['block', block(), 'preattestation'],
    ['preattestation', vote({ tag: 0x14 }), 'attestation'],
    ['attestation', vote({ tag: 0x15 }), 'preattestation'],
    ['attestation', vote({ tag: 0x17 }), 'attestation_with_dal'],
    ['michelson_data', michelson, 'block'],
    ['transaction', operation(TRANSACTION), 'reveal'],
  ])('%s is allowed where it is listed, and only there', (kind, payload, other) => {
    expect(check(payload, { allow: [kind] })).toBe('allowed')
    expect(check(payload, { allow: [other, kind] })).toBe('allowed')
    expect(check(payload, { allow: [other] })).toBe('operation-not-allowed')
    expect(check(payload, { allow: [] })).toBe('operation-not-allowed')
  })

  test('every content of a batch must be listed', () => {
    const batch = operation(TRANSACTION, managerContent(110, Uint8Array.of(0x00)), TRANSACTION)
    expect(check(batch)).toBe('allowed')
    expect(check(batch, { allow: ['transaction'] })).toBe('operation-not-allowed')
    expect(check(batch, { allow: ['delegation'] })).toBe('operation-not-allowed')
    expect(check(batch, { allow: ['delegation', 'transaction'] })).toBe('allowed')
    expect(reason(batch, { allow: ['transaction'] })).toContain('delegation')
  })

  test('what cannot be read to its end is not among those that are listed', () => {
    const strange = operation(TRANSACTION, Uint8Array.of(0xee))
    expect(check(strange, { allow: ['transaction'] })).toBe('operation-not-allowed')
    expect(check(operation(), { allow: ['transaction'] })).toBe('operation-not-allowed')
    const refute = operation(managerContent(204, filled(64)))
    expect(check(refute, { allow: ['smart_rollup_refute'] })).toBe('operation-not-allowed')
  })

  test('F35 a kind that a list leaves out is named with the key whose list it is', () => {
    expect(reason(operation(TRANSACTION), { allow: ['reveal'] })).toBe(
      `transaction: \`allow\` of ${TZ3} does not name it`,
    )
  })

  test('F35 drain_delegate is refused unless it is named', () => {
    expect(check(operation(DRAIN))).toBe('operation-not-allowed')
    expect(reason(operation(DRAIN))).toBe('drain_delegate: only where `allow` names it')
    expect(check(operation(DRAIN), { allow: ['transaction'] })).toBe('operation-not-allowed')
    expect(check(operation(DRAIN), { allow: ['drain_delegate'] })).toBe('allowed')
    expect(check(vector('taquito Drain Delegate'))).toBe('operation-not-allowed')
  })

  test('F35 drain_delegate is found within a batch too, and there it is never whole', () => {
    for (const batch of [operation(TRANSACTION, DRAIN), operation(DRAIN, TRANSACTION)]) {
      expect(check(batch)).toBe('operation-not-allowed')
      expect(check(batch, { allow: ['transaction'] })).toBe('operation-not-allowed')
      expect(check(batch, { allow: ['transaction', 'drain_delegate'] })).toBe('operation-not-allowed')
    }
  })

  test.each([
    ['update_consensus_key', 'octez-codec updated-consensus-key'],
    ['update_companion_key', 'octez-codec update-companion-key'],
    ['failing_noop', 'taquito A failing_noop'],
    ['drain_delegate', 'taquito Drain Delegate'],
    ['michelson_data', 'PACK string'],
  ])('F35 %s is signed only where it is named', (kind, name) => {
    expect(check(vector(name))).toBe('operation-not-allowed')
    expect(check(vector(name), { allow: ['transaction'] })).toBe('operation-not-allowed')
    expect(check(vector(name), { allow: [kind] })).toBe('allowed')
  })

  test('F35 Michelson data is signed where allowed_ops lists its byte, too', () => {
    expect(check(michelson, { allowedMagicBytes: [0x05] })).toBe('allowed')
    expect(check(michelson, { allowedMagicBytes: [0x05], allow: ['transaction'] })).toBe(
      'operation-not-allowed',
    )
  })

  test('F35 an operation that cannot be read to its end is refused: another may stand behind it', () => {
    const hidden = operation(managerContent(204, filled(64)), managerContent(114, NEW_KEY))
    for (const strange of [operation(), operation(TRANSACTION, Uint8Array.of(0xee)), hidden]) {
      expect(check(strange)).toBe('operation-not-allowed')
      expect(reason(strange)).toMatch(/^unknown: .* may hide another$/)
      expect(check(strange, { allow: ['transaction', 'smart_rollup_refute', 'unknown'] })).toBe(
        'operation-not-allowed',
      )
    }
  })

  test('a ballot is allowed by its kind, or by what it says alone', () => {
    const yay = vector('tacoinfra Ballot "yay"')
    const pass = vector('tacoinfra Ballot "pass"')
    expect([check(yay, { allow: ['ballot'] }), check(pass, { allow: ['ballot'] })]).toEqual([
      'allowed',
      'allowed',
    ])
    expect(check(yay, { allow: ['ballot:yay'] })).toBe('allowed')
    expect(check(pass, { allow: ['ballot:yay', 'ballot:nay'] })).toBe('operation-not-allowed')
    expect(reason(pass, { allow: ['ballot:yay'] })).toBe(`ballot:pass: \`allow\` of ${TZ3} does not name it`)
    expect(check(pass, { allow: ['ballot:pass'] })).toBe('allowed')
  })

  test('staking is allowed as a transaction, or by its own name alone', () => {
    const stake = vector('taquito Transaction with stake')
    expect(check(stake, { allow: ['transaction'] })).toBe('allowed')
    expect(check(stake, { allow: ['stake'] })).toBe('allowed')
    expect(check(stake, { allow: ['unstake', 'finalize_unstake'] })).toBe('operation-not-allowed')
    expect(check(operation(TRANSACTION), { allow: ['stake'] })).toBe('operation-not-allowed')
  })

  test('every recorded operation but those that are signed by name only passes a key without such a list', () => {
    for (const { name, hex: text } of payloadVectors.filter(({ magic }) => magic === '0x03')) {
      if (text.length / 2 > MAX_PAYLOAD_BYTES)
        expect([name, check(hex(text))]).toEqual([name, 'payload-too-long'])
      else if (/drain|consensus.key|companion.key|failing_noop/i.test(name))
        expect([name, check(hex(text))]).toEqual([name, 'operation-not-allowed'])
      else expect([name, check(hex(text))]).toEqual([name, 'allowed'])
    }
  })
})

describe('votes', () => {
  test.each([
    [20, 'preattestation', 42],
    [21, 'attestation', 42],
    [23, 'attestation_with_dal', 43],
    [30, 'preattestations_aggregate', 60],
    [31, 'attestations_aggregate', 60],
    [40, 'bls_mode_preattestation', 40],
    [41, 'bls_mode_attestation', 40],
  ])('F35 of tag %i are never operations of 0x03, named or not', (tag, name, size) => {
    const fields = filled(size, 0x00)
    for (const contents of [[content(tag, fields)], [TRANSACTION, content(tag, fields)], [content(tag)]]) {
      expect(check(operation(...contents))).toBe('operation-not-allowed')
      expect(check(operation(...contents), { allow: [name, 'transaction', 'unknown'] })).toBe(
        'operation-not-allowed',
      )
      expect(reason(operation(...contents))).toBe(`${name} is never signed under 0x03`)
    }
  })

  test('F35 in the layout of tz4 keys are malformed for other keys', () => {
    for (const tag of [0x28, 0x29]) {
      for (const publicKeyHash of [TZ1, testKey('secp256k1').hash, TZ3]) {
        expect(check(vote({ tag }), { publicKeyHash })).toBe('malformed-payload')
        expect(reason(vote({ tag }), { publicKeyHash })).toMatch(/^bls_mode_.* is the form of tz4 keys/)
      }
      const tz4 = encodeBase58('tz4', filled(20)) as PublicKeyHash
      expect(check(vote({ tag }), { publicKeyHash: tz4 })).toBe('allowed')
    }
  })
})

describe('the length', () => {
  test('F32 of 1015 bytes is taken and 1016 are refused before they are read', () => {
    expect(MAX_PAYLOAD_BYTES).toBe(1015)
    const long = (size: number) => concatBytes(Uint8Array.of(0x05), filled(size - 1))
    expect(check(long(1015), { allowedMagicBytes: [0x05] })).toBe('allowed')
    expect(check(long(1016))).toBe('payload-too-long')
    expect(check(concatBytes(Uint8Array.of(0x00), filled(1015)))).toBe('payload-too-long')
    expect(reason(long(1016))).toBe('1016 bytes: the device takes 1015')
  })

  test('F32 truncated blocks and votes are malformed at every length', () => {
    for (const whole of [block(), vote({ tag: 0x14 }), vote({ tag: 0x15 }), vote({ tag: 0x17 })]) {
      for (let size = 1; size < whole.length; size++) {
        expect(check(whole.subarray(0, size))).toBe('malformed-payload')
      }
    }
  })

  test('F33 negative levels and rounds are malformed, the highest are read', () => {
    for (const fields of [{ level: -1 }, { round: -1 }, { level: -0x80000000 }]) {
      expect(check(vote({ tag: 0x15, ...fields }))).toBe('malformed-payload')
    }
    expect(check(vote({ tag: 0x15, level: 0x7fffffff, round: 0x7fffffff }))).toBe('allowed')
  })
})

test('no bytes make the rules throw, and whatever passes begins with a byte that is signed', () => {
  const start = fc.constantFrom(0x03, 0x04, 0x05, 0x11, 0x12, 0x13, 0x80, 0x01)
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 300 }), (first, rest) => {
      const payload = concatBytes(Uint8Array.of(first), rest)
      if (check(payload) === 'allowed') expect([0x03, 0x05, 0x11, 0x12, 0x13]).toContain(first)
    }),
    { numRuns: 1000 },
  )
})

test('rules are applied to what was read, not to what it is called', () => {
  const key = { ...ANYTHING, allow: ['authenticated_request'] }
  const forged: Signable = { kind: 'authenticated_request', magicByte: 0x04 }
  expect(authorise({ key, signable: forged, clients: [], now: NOW })?.code).toBe('magic-byte-not-allowed')
})
