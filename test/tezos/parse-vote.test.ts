import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, encodeChainId, parseSignable, type Parsed } from '../../src/tezos/index.js'
import { filled, vote, zarithZ } from './build-payload.js'
import { hex, payload, payloadVectors } from './golden-data.js'

const MAX = 0x7fffffff

const TAGS = [
  { tag: 0x14, kind: 'preattestation', operation: 'preattestation', layout: 'slot', size: 80 },
  { tag: 0x15, kind: 'attestation', operation: 'attestation', layout: 'slot', size: 80 },
  { tag: 0x17, kind: 'attestation', operation: 'attestation_with_dal', layout: 'slot', size: 81 },
  { tag: 0x28, kind: 'preattestation', operation: 'bls_mode_preattestation', layout: 'bls', size: 78 },
  { tag: 0x29, kind: 'attestation', operation: 'bls_mode_attestation', layout: 'bls', size: 78 },
] as const

function reasonOf(parsed: Parsed): string {
  return parsed.outcome === 'malformed' ? parsed.reason : parsed.outcome
}

describe.each(TAGS)('a vote tagged $operation', ({ tag, kind, operation, layout, size }) => {
  test('is read with its fields, whatever they are', () => {
    const number = fc.integer({ min: 0, max: MAX })
    const fields = fc.record({
      chainId: fc.uint8Array({ minLength: 4, maxLength: 4 }),
      level: number,
      round: number,
    })
    fc.assert(
      fc.property(fields, ({ chainId, level, round }) => {
        const bytes = vote({ tag, chainId, level, round })
        expect(bytes).toHaveLength(size)
        expect(parseSignable(bytes)).toEqual({
          outcome: 'parsed',
          signable: {
            kind,
            magicByte: bytes[0],
            operation,
            layout,
            chainId: encodeChainId(chainId),
            level,
            round,
          },
        })
      }),
      { numRuns: 200 },
    )
  })

  test('F32 is malformed when cut at any length', () => {
    const bytes = vote({ tag })
    for (let end = 0; end < bytes.length; end++) {
      expect(parseSignable(bytes.subarray(0, end)).outcome).toBe('malformed')
    }
  })

  test('F32 is malformed with bytes behind it', () => {
    for (const more of [1, 2, 4, 96, 900]) {
      expect(parseSignable(concatBytes(vote({ tag }), filled(more, 0x01))).outcome).toBe('malformed')
    }
  })

  test('F33 is malformed with a negative level or round', () => {
    const limits = '0 to 2147483647 expected'
    expect(reasonOf(parseSignable(vote({ tag, level: -1 })))).toBe(`${operation}: level -1: ${limits}`)
    expect(reasonOf(parseSignable(vote({ tag, round: -1 })))).toBe(`${operation}: round -1: ${limits}`)
    expect(parseSignable(vote({ tag, level: -0x80000000 })).outcome).toBe('malformed')
    expect(parseSignable(vote({ tag, round: -0x80000000 })).outcome).toBe('malformed')
  })

  test('F33 is read at zero and at 0x7FFFFFFF', () => {
    for (const number of [0, MAX]) {
      const parsed = parseSignable(vote({ tag, level: number, round: number }))
      expect(parsed).toMatchObject({ outcome: 'parsed', signable: { level: number, round: number } })
    }
  })

  test('is malformed under the other watermark byte', () => {
    const magicByte = kind === 'attestation' ? 0x12 : 0x13
    expect(reasonOf(parseSignable(vote({ tag, magicByte })))).toMatch(/^operation tag 0x.. under 0x1[23]: /)
  })
})

test('only the five vote tags are read; aggregates and all else are malformed', () => {
  const votes: readonly number[] = TAGS.map(({ tag }) => tag)
  for (let tag = 0; tag < 256; tag++) {
    if (votes.includes(tag)) continue
    for (const magicByte of [0x12, 0x13]) {
      for (const bytes of [vote({ tag, magicByte }), vote({ tag, magicByte, slot: new Uint8Array() })]) {
        expect(parseSignable(bytes).outcome).toBe('malformed')
      }
    }
  }
  expect(reasonOf(parseSignable(vote({ tag: 0x1f, magicByte: 0x13 })))).toBe(
    'operation tag 0x1f under 0x13: 0x15, 0x17 or 0x29 expected',
  )
})

test('F32 every truncation of every recorded vote is malformed', () => {
  const recorded = payloadVectors.filter(({ magic }) => magic === '0x12' || magic === '0x13')
  expect(recorded.length).toBeGreaterThan(8)
  for (const vector of recorded) {
    const bytes = hex(vector.hex)
    for (let size = 0; size < bytes.length; size++) {
      expect(parseSignable(bytes.subarray(0, size)).outcome).toBe('malformed')
    }
  }
})

test('F35 the layout follows the tag: a slot in a tz4 vote, or none in another, is malformed', () => {
  const slot = Uint8Array.of(0x00, 0x01)
  for (const { tag, layout } of TAGS) {
    const bytes = vote({ tag, slot: layout === 'bls' ? slot : new Uint8Array() })
    expect(parseSignable(bytes).outcome).toBe('malformed')
  }
})

test('reasons name the size and the limit', () => {
  expect(reasonOf(parseSignable(vote({ tag: 0x15 }).subarray(0, 79)))).toBe(
    'attestation: 79 bytes: 80 expected',
  )
  expect(reasonOf(parseSignable(vote({ tag: 0x15 }).subarray(0, 37)))).toBe(
    'vote of 37 bytes: at least 78 expected',
  )
  expect(reasonOf(parseSignable(vote({ tag: 0x17 }).subarray(0, 80)))).toBe(
    'attestation_with_dal: 80 bytes: at least 81 expected',
  )
})

describe('the DAL bitset', () => {
  const withDal = (...dal: number[]) => parseSignable(vote({ tag: 0x17, dal: Uint8Array.from(dal) }))

  test('of any size is read to its end', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1n << 2000n }), (bitset) => {
        const parsed = parseSignable(vote({ tag: 0x17, dal: zarithZ(bitset) }))
        expect(parsed).toMatchObject({ outcome: 'parsed', signable: { operation: 'attestation_with_dal' } })
      }),
      { numRuns: 200 },
    )
  })

  test('the recorded one of 2048 is 8020', () => {
    expect(payload('octez-codec attestation-with-dal').subarray(80)).toEqual(Uint8Array.of(0x80, 0x20))
    expect(zarithZ(2048n)).toEqual(Uint8Array.of(0x80, 0x20))
  })

  test('of zero is one zero byte', () => {
    expect(withDal(0x00).outcome).toBe('parsed')
  })

  test('is malformed when negative', () => {
    const negative = 'attestation_with_dal: DAL bitset is negative: 0 or more expected'
    expect(reasonOf(withDal(0x41))).toBe(negative)
    expect(reasonOf(withDal(0x40))).toBe(negative)
    expect(reasonOf(withDal(0xc0, 0x01))).toBe(negative)
  })

  test('may have the bit of the sign set in later groups', () => {
    expect(withDal(0x80, 0x40).outcome).toBe('parsed')
    expect(withDal(0xbf, 0xff, 0x7f).outcome).toBe('parsed')
  })

  test('is malformed when over-long', () => {
    for (const dal of [
      [0x80, 0x00],
      [0x81, 0x00],
      [0x81, 0x80, 0x00],
    ]) {
      expect(reasonOf(withDal(...dal))).toMatch(/without an end or over-long/)
    }
  })

  test('is malformed without an end', () => {
    expect(withDal(0x80).outcome).toBe('malformed')
    expect(withDal(...Array.from({ length: 500 }, () => 0xff)).outcome).toBe('malformed')
  })

  test('has nothing behind it', () => {
    expect(reasonOf(withDal(0x01, 0x00))).toBe(
      'attestation_with_dal: 82 bytes: 81 expected with this DAL bitset',
    )
    expect(withDal(0x80, 0x01, 0x01).outcome).toBe('malformed')
  })
})
