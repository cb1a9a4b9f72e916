import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { concatBytes, fromHex } from '../../../src/tezos/index.js'
import {
  attestation,
  block,
  blsAttestation,
  FOREIGN_CHAIN,
  octezBody,
  operation,
  outcome,
  preattestation,
  TZ4,
  UNKNOWN_KEY,
} from '../../server/fixture.js'
import { octezPost, plainPost, RawClient } from '../../server/raw-client.js'
import { content } from '../../tezos/build-payload.js'
import { ADDRESS, BAKING_CONFIG } from '../daemon.js'
import { CARRIERS, START_MS, Target, targetOfThisTest } from './target.js'

/** drain_delegate: the source, the delegate and the destination. */
const DRAIN_DELEGATE = concatBytes(
  Uint8Array.of(0x03),
  new Uint8Array(32),
  content(0x09, new Uint8Array(3 * 21)),
)

const ALLOWED_FIRST_BYTES = [0x03, 0x11, 0x12, 0x13]
const MAX_INT32 = 0x7fffffff
const MAX_GAP = 14_400

let target: Target
beforeAll(async () => {
  target = await Target.start()
}, START_MS)
afterAll(() => target.close())
afterEach(() => target.signsHonestly())

describe.each(CARRIERS)('by %s, a payload', (_name, carrier) => {
  const ask = async (payload: Uint8Array, key: string = ADDRESS.tz3) =>
    outcome(
      await carrier(target, {
        path: `/keys/${key}?version=3`,
        headers: { 'content-type': 'application/json' },
        body: octezBody(payload),
      }),
    )
  const expectAll = async (payloads: readonly Uint8Array[], expected: string) => {
    const answers = await target.untouchedBy(async () => {
      const collected: string[] = []
      for (const payload of payloads) collected.push(await ask(payload))
      return collected
    })
    expect(new Set(answers)).toEqual(new Set([expected]))
  }

  it.each([
    ['block', block({ level: 5 })],
    ['preattestation', preattestation({ level: 5 })],
    ['attestation', attestation({ level: 5 })],
  ])('F32 (%s) cut short at any length is 400 and reaches no board', async (_kind, whole) => {
    const cuts = Array.from({ length: whole.length - 1 }, (_, index) => whole.subarray(0, index + 1))
    await expectAll(cuts, '400 malformed-payload')
  })

  it('F32 with bytes behind it is 400', async () => {
    const whole = [block({ level: 5 }), preattestation({ level: 5 }), attestation({ level: 5 })]
    const tails = [Uint8Array.of(0), Uint8Array.of(0xff), new Uint8Array(64), fromHex('7a06a770')!]
    await expectAll(
      whole.flatMap((payload) => tails.map((tail) => concatBytes(payload, tail))),
      '400 malformed-payload',
    )
  })

  it('F32 with a fitness length that is not its fitness’s is 400', async () => {
    // 112 is longer than the rest by one byte, -1 is 0xFFFFFFFF.
    const sizes = [0, 1, 3, 32, 34, 111, 112, 0xffff, MAX_INT32, -0x80000000, -1]
    await expectAll(
      sizes.map((fitnessSize) => block({ level: 5, fitnessSize })),
      '400 malformed-payload',
    )
  })

  it('F32 of over 1015 bytes is 400 by name, whatever it begins with, and 1015 are signed', async () => {
    const overhead = operation('').length
    const sizes = [1016, 1017, 1500, 2040]
    await expectAll(
      sizes.map((size) => operation('x'.repeat(size - overhead))),
      '400 payload-too-long',
    )
    await expectAll(
      ALLOWED_FIRST_BYTES.map((first) => Uint8Array.of(first, ...new Uint8Array(1015))),
      '400 payload-too-long',
    )
    expect(await ask(operation('x'.repeat(1015 - overhead)))).toBe('200')
  })

  it('F33 with a negative level or round is 400', async () => {
    const places = [
      { level: -1 },
      { level: -0x80000000 },
      { level: 5, round: -1 },
      { level: -5, round: -0x80000000 },
    ]
    await expectAll(
      [block, preattestation, attestation].flatMap((make) => places.map(make)),
      '400 malformed-payload',
    )
  })

  it('F35 of another chain is 403', async () => {
    await expectAll(
      [block, preattestation, attestation].map((make) => make({ level: 5, chain: FOREIGN_CHAIN })),
      '403 chain-not-allowed',
    )
  })

  it('F35 for a key that is not here is 404', async () => {
    for (const key of [UNKNOWN_KEY, TZ4]) {
      for (const payload of [block({ level: 5 }), operation(), Uint8Array.of(0x01)]) {
        expect(await target.untouchedBy(() => ask(payload, key))).toBe('404 unknown-key')
      }
    }
  })

  it('F35 with any other first byte of all 256 is 403, alone and before what would be signed', async () => {
    const others = Array.from({ length: 256 }, (_, byte) => byte).filter(
      (byte) => !ALLOWED_FIRST_BYTES.includes(byte),
    )
    const bodies = [new Uint8Array(), operation().subarray(1), attestation({ level: 5 }).subarray(1)]
    await expectAll(
      others.flatMap((first) => bodies.map((rest) => concatBytes(Uint8Array.of(first), rest))),
      '403 magic-byte-not-allowed',
    )
  })

  it('F35 that this key may not sign, and another may, is 403', async () => {
    for (const make of [block, preattestation, attestation]) {
      expect(await target.untouchedBy(() => ask(make({ level: 5 }), ADDRESS.tz1))).toBe(
        '403 magic-byte-not-allowed',
      )
    }
  })

  it('F35 of a vote in the layout of tz4 keys is 400, whatever its first byte', async () => {
    const vote = blsAttestation(5)
    const pre = Uint8Array.from(vote)
    pre[0] = 0x12
    pre[37] = 0x28
    await expectAll([vote, pre], '400 malformed-payload')
  })

  it('F35 that drains a delegate is 403', async () => {
    await expectAll([DRAIN_DELEGATE], '403 operation-not-allowed')
  })
})

describe('a payload of another level', () => {
  const ask = async (payload: Uint8Array) => {
    const client = await RawClient.open(target.port)
    await client.write(octezPost(ADDRESS.tz3, payload))
    return outcome(await client.answer())
  }

  it.each([
    ['F33 F34 block', block],
    ['F33 F34 preattestation', preattestation],
  ])('%s: the highest level only passes the gap rule, and nothing overflows', async (_kind, make) => {
    expect(await ask(make({ level: 1 }))).toBe('200')
    for (const level of [MAX_INT32, MAX_INT32 - 1, 1 + MAX_GAP + 1]) {
      expect(await target.untouchedBy(() => ask(make({ level })))).toBe('409 level-gap')
    }
    expect(await ask(make({ level: 1 + MAX_GAP, round: MAX_INT32 }))).toBe('200')
    expect(await target.untouchedBy(() => ask(make({ level: 1 + MAX_GAP, round: MAX_INT32 - 1 })))).toBe(
      '409 below-mark',
    )
    expect(await target.untouchedBy(() => ask(make({ level: 1 + MAX_GAP })))).toBe('409 below-mark')
    expect(await target.untouchedBy(() => ask(make({ level: 1 + MAX_GAP, round: -1 })))).toBe(
      '400 malformed-payload',
    )
    expect(await ask(make({ level: 2 + MAX_GAP }))).toBe('200')
  })
})

it('F32 a connection that is kept signs, and signs again after all lengths were refused beside it', async () => {
  const kept = await RawClient.open(target.port)
  const whole = attestation({ level: 9000 })
  for (let size = 1; size < whole.length; size += 1) {
    const other = await RawClient.open(target.port)
    await other.write(octezPost(ADDRESS.tz3, whole.subarray(0, size)))
    // A refusal ends its own connection, so that nothing unread is taken for the next request.
    expect(outcome(await other.answer())).toBe('400 malformed-payload')
    await other.closed
    if (size % 20 !== 1) continue
    await kept.write(plainPost(ADDRESS.tz3, octezBody(operation(`${size}`))))
    expect(outcome(await kept.answer())).toBe('200')
  }
})

it('F35 drain_delegate is signed where a key allows it by name', async () => {
  const allow = 'allow: [drain_delegate, attestation] }'
  const permissive = await targetOfThisTest(BAKING_CONFIG.replace(/(tz3.*) }/, `$1, ${allow}`))
  const client = await RawClient.open(permissive.port)
  await client.write(octezPost(ADDRESS.tz3, DRAIN_DELEGATE))
  expect(outcome(await client.answer())).toBe('200')
  await permissive.signsHonestly()
})
