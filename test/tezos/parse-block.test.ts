import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, encodeChainId, parseSignable, type Parsed } from '../../src/tezos/index.js'
import { be32, block, BLOCK, filled } from './build-payload.js'
import { payload, payloadVectors, hex } from './golden-data.js'

const MAX = 0x7fffffff

function reasonOf(parsed: Parsed): string {
  return parsed.outcome === 'malformed' ? parsed.reason : parsed.outcome
}

const reason = (fields: Parameters<typeof block>[0]) => reasonOf(parseSignable(block(fields)))

/** The block `BLOCK` with other bytes at `at`. */
function patched(at: number, bytes: Uint8Array, whole = block()): Uint8Array {
  return concatBytes(whole.subarray(0, at), bytes, whole.subarray(at + bytes.length))
}

describe('the four sizes of a block', () => {
  test.each([
    [198, {}],
    [202, { lockedRound: 0 }],
    [230, { seedNonce: concatBytes(Uint8Array.of(0xff), filled(32)) }],
    [234, { lockedRound: 0, seedNonce: concatBytes(Uint8Array.of(0xff), filled(32)) }],
  ])('%i bytes are read', (size, fields) => {
    const bytes = block(fields)
    expect(bytes).toHaveLength(size)
    expect(parseSignable(bytes)).toMatchObject({ outcome: 'parsed', signable: { level: 1000, round: 2 } })
  })

  test.each([{}, { lockedRound: 0 }, { seedNonce: concatBytes(Uint8Array.of(0xff), filled(32)) }])(
    'F32 every truncation and every longer form is malformed: %j',
    (fields) => {
      const bytes = block(fields)
      for (let size = 0; size < bytes.length; size++) {
        expect(parseSignable(bytes.subarray(0, size)).outcome).toBe('malformed')
      }
      for (const more of [1, 4, 32, 900]) {
        expect(parseSignable(concatBytes(bytes, filled(more, 0)))).toMatchObject({ outcome: 'malformed' })
      }
    },
  )

  test('F32 every truncation of every recorded block is malformed', () => {
    for (const vector of payloadVectors.filter(({ magic }) => magic === '0x11')) {
      const bytes = hex(vector.hex)
      for (let size = 0; size < bytes.length; size++) {
        expect(parseSignable(bytes.subarray(0, size)).outcome).toBe('malformed')
      }
    }
  })

  test('the seed nonce flag says which size is right', () => {
    expect(reason({ seedNonce: Uint8Array.of(0xff) })).toBe('block: 198 bytes: 230 expected')
    expect(reason({ seedNonce: filled(33, 0x00) })).toBe('block: 230 bytes: 198 expected')
    expect(reason({ seedNonce: Uint8Array.of(0x01) })).toBe(
      'block: seed nonce flag 0x01: 0x00 or 0xff expected',
    )
    expect(reason({ seedNonce: Uint8Array.of(0xfe) })).toMatch(/flag 0xfe/)
  })

  test('the votes byte may be any byte', () => {
    for (const votes of [0, 2, 0x0a, 0x55, 0xff]) {
      expect(parseSignable(block({ votes })).outcome).toBe('parsed')
    }
  })
})

describe('the fitness', () => {
  test.each([0, 3, 0x11, 0x20, 0x22, 0x24, 0x26, 111, 1000, 0x7fffffff, 0x80000021, 0xffffffff])(
    'F32 a fitness length of %i is malformed and named',
    (size) => {
      const text = `block: fitness length ${size}: 33 or 37 expected`
      expect(reasonOf(parseSignable(patched(83, be32(size))))).toBe(text)
    },
  )

  test('F32 a fitness longer than the rest is malformed', () => {
    for (const size of [87, 88, 119, 120, 123]) {
      expect(parseSignable(block().subarray(0, size))).toMatchObject({ outcome: 'malformed' })
    }
  })

  test('F32 a length of the other form is malformed', () => {
    expect(parseSignable(patched(83, be32(0x25))).outcome).toBe('malformed')
    expect(parseSignable(patched(83, be32(0x21), block({ lockedRound: 0 }))).outcome).toBe('malformed')
    // The sizes alone agree here: only the lengths of the elements tell.
    const longer = concatBytes(patched(83, be32(0x25)), filled(4, 0x00))
    expect(reasonOf(parseSignable(longer))).toMatch(/^block: (?:fitness element|seed nonce flag)/)
  })

  test.each([
    [87, 1],
    [92, 4],
    [100, 0],
    [104, 4],
    [112, 4],
  ])('the element at %i must be of %i bytes', (at, size) => {
    for (const wrong of [size + 1, size - 1, 0xffffffff, 0x80000000]) {
      const text = `block: fitness element of ${wrong >>> 0} bytes: ${size} expected`
      expect(reasonOf(parseSignable(patched(at, be32(wrong))))).toBe(text)
    }
  })

  test.each([87, 92, 100, 108, 116])('with a locked round, the element at %i must be of its size', (at) => {
    for (const wrong of [0, 2, 3, 5, 0xffffffff]) {
      const bytes = patched(at, be32(wrong), block({ lockedRound: 1 }))
      expect(reasonOf(parseSignable(bytes))).toMatch(/^block: fitness element of/)
    }
  })

  test('the version must be 2', () => {
    expect(reason({ version: 0x01 })).toBe('block: fitness version 0x01: 0x02 expected')
    expect(reason({ version: 0x03 })).toMatch(/version 0x03/)
  })

  test('its level must be the header’s', () => {
    expect(reason({ level: 5, fitnessLevel: 6 })).toBe(
      "block: fitness level 6: the header's level 5 expected",
    )
    expect(reason({ level: 6, fitnessLevel: 5 })).toMatch(/fitness level 5/)
  })

  test('the predecessor’s round is written below zero', () => {
    expect(parseSignable(block({ predecessorRound: -1 })).outcome).toBe('parsed')
    expect(parseSignable(block({ predecessorRound: -0x80000000 })).outcome).toBe('parsed')
    expect(reason({ predecessorRound: 0 })).toBe('block: predecessor round 0: a negative number expected')
    expect(reason({ predecessorRound: MAX })).toMatch(/predecessor round 2147483647/)
  })

  test('the locked round is below the round, and not negative', () => {
    expect(parseSignable(block({ round: 3, lockedRound: 2 })).outcome).toBe('parsed')
    expect(reason({ round: 3, lockedRound: 3 })).toBe('block: locked round 3: below the round 3 expected')
    expect(reason({ round: 3, lockedRound: 4 })).toMatch(/locked round 4/)
    expect(reason({ round: 3, lockedRound: -1 })).toBe('block: locked round -1: 0 to 2147483647 expected')
  })
})

describe('the numbers', () => {
  test('F33 a negative level or round is malformed', () => {
    expect(reason({ level: -1 })).toBe('block: level -1: 0 to 2147483647 expected')
    expect(reason({ level: -0x80000000 })).toMatch(/level -2147483648/)
    expect(reason({ round: -1, payloadRound: -1 })).toBe('block: round -1: 0 to 2147483647 expected')
    expect(reason({ payloadRound: -1 })).toBe('block: payload round -1: 0 to 2147483647 expected')
  })

  test('F33 zero and 0x7FFFFFFF are read', () => {
    const low = { level: 0, round: 0, payloadRound: 0 }
    const high = { level: MAX, round: MAX, payloadRound: MAX, lockedRound: MAX - 1 }
    expect(parseSignable(block(low))).toMatchObject({ signable: { level: 0, round: 0 } })
    expect(parseSignable(block(high))).toMatchObject({ signable: { level: MAX, round: MAX } })
  })

  test('the payload round is at most the round', () => {
    expect(parseSignable(block({ round: 2, payloadRound: 2 })).outcome).toBe('parsed')
    expect(reason({ round: 2, payloadRound: 3 })).toBe('block: payload round 3: at most the round 2 expected')
  })

  test('a block from random fields is read with these fields', () => {
    const number = fc.integer({ min: 0, max: MAX })
    const fields = fc
      .record({
        chainId: fc.uint8Array({ minLength: 4, maxLength: 4 }),
        level: number,
        round: number,
        predecessorRound: fc.integer({ min: -0x80000000, max: -1 }),
        votes: fc.nat({ max: 255 }),
        hasNonce: fc.boolean(),
      })
      .chain(({ hasNonce, ...rest }) =>
        fc.record({
          ...Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, fc.constant(value)])),
          seedNonce: fc.constant(
            hasNonce ? concatBytes(Uint8Array.of(0xff), filled(32)) : Uint8Array.of(0x00),
          ),
          payloadRound: fc.integer({ min: 0, max: rest.round }),
          lockedRound:
            rest.round === 0
              ? fc.constant(undefined)
              : fc.option(fc.nat({ max: rest.round - 1 }), { nil: undefined }),
        }),
      )
    fc.assert(
      fc.property(fields, (given) => {
        const { chainId, level, round } = { ...BLOCK, ...given }
        expect(parseSignable(block(given))).toEqual({
          outcome: 'parsed',
          signable: {
            ...{ kind: 'block', magicByte: 0x11, operation: 'block', layout: 'block' },
            ...{ chainId: encodeChainId(chainId), level, round },
          },
        })
      }),
      { numRuns: 500 },
    )
  })

  test('a block of the old consensus is malformed by its fitness', () => {
    expect(reasonOf(parseSignable(payload('octez-codec block_header.unsigned')))).toBe(
      'block: fitness length 17: 33 or 37 expected',
    )
  })
})
