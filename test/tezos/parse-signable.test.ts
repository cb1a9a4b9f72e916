import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, isConsensus, parseSignable } from '../../src/tezos/index.js'
import { filled } from './build-payload.js'
import { hex, payload, payloadVectors } from './golden-data.js'

const isVote = (magic: string) => magic === '0x11' || magic === '0x12' || magic === '0x13'
const MARK_KIND: Readonly<Record<string, string>> = {
  '0x11': 'block',
  '0x12': 'preattestation',
  '0x13': 'attestation',
}

describe('every recorded payload', () => {
  const current = payloadVectors.filter((vector) => vector.parses_current)

  test('is of a known number', () => {
    expect(payloadVectors).toHaveLength(85)
    expect(current).toHaveLength(82)
  })

  test.each(current.filter(({ magic }) => isVote(magic)))('is read with its marks: $name', (vector) => {
    const parsed = parseSignable(hex(vector.hex))
    expect(parsed).toEqual({
      outcome: 'parsed',
      signable: {
        kind: MARK_KIND[vector.magic],
        magicByte: Number(vector.magic),
        operation: vector.kind,
        layout: vector.kind === 'block' ? 'block' : vector.kind.startsWith('bls_mode') ? 'bls' : 'slot',
        chainId: vector.chain_id,
        level: vector.level,
        round: vector.round,
      },
    })
  })

  test.each(current.filter(({ magic }) => magic === '0x03'))(
    'is read content by content: $name',
    (vector) => {
      const contents = (vector.kinds ?? [vector.kind]).map((kind): unknown =>
        expect.objectContaining({ kind }),
      )
      expect(parseSignable(hex(vector.hex))).toEqual({
        outcome: 'parsed',
        signable: { kind: 'operation', magicByte: 0x03, contents },
      })
    },
  )

  test.each(current.filter(({ magic }) => !isVote(magic) && magic !== '0x03'))(
    'is known by its first bytes: $name',
    (vector) => {
      expect(parseSignable(hex(vector.hex))).toEqual({
        outcome: 'parsed',
        signable: { kind: vector.kind, magicByte: Number(vector.magic) },
      })
    },
  )

  test.each(payloadVectors.filter((vector) => !vector.parses_current))(
    'is malformed when today’s protocol has no such payload: $name',
    (vector) => {
      expect(parseSignable(hex(vector.hex)).outcome).toBe('malformed')
    },
  )
})

describe('the first byte', () => {
  test('no bytes at all are malformed', () => {
    expect(parseSignable(new Uint8Array())).toEqual({
      outcome: 'malformed',
      reason: 'payload of 0 bytes: at least a watermark byte expected',
    })
  })

  test('F35 every other watermark byte is named as unknown, whatever follows it', () => {
    const known = [0x03, 0x04, 0x05, 0x11, 0x12, 0x13]
    const others = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !known.includes(byte))
    for (const magicByte of others) {
      const unknown = { outcome: 'unknown-magic-byte', magicByte }
      expect(parseSignable(Uint8Array.of(magicByte))).toEqual(unknown)
      expect(parseSignable(concatBytes(Uint8Array.of(magicByte), filled(200)))).toEqual(unknown)
    }
  })

  test('an off-chain message needs its whole prefix', () => {
    const prefix = concatBytes(Uint8Array.of(0x80), new TextEncoder().encode('tezos signed offchain message'))
    const message = { outcome: 'parsed', signable: { kind: 'offchain_message', magicByte: 0x80 } }
    expect(parseSignable(prefix)).toEqual(message)
    expect(parseSignable(concatBytes(prefix, filled(3)))).toEqual(message)
    for (let size = 1; size < prefix.length; size++) {
      expect(parseSignable(prefix.subarray(0, size)).outcome).toBe('unknown-magic-byte')
      expect(parseSignable(prefix.with(size, 0x21)).outcome).toBe('unknown-magic-byte')
    }
  })

  test('0x04 and 0x05 are opaque: one byte is enough', () => {
    expect(parseSignable(Uint8Array.of(0x04))).toMatchObject({ signable: { kind: 'authenticated_request' } })
    expect(parseSignable(Uint8Array.of(0x05))).toMatchObject({ signable: { kind: 'michelson_data' } })
  })
})

describe('bytes and their place in memory', () => {
  test.each(['real block level 416914', 'octez-codec attestation', 'taquito Multiple transaction'])(
    'a view into a larger buffer is read as the same payload: %s',
    (name) => {
      const bytes = payload(name)
      const view = concatBytes(filled(7), bytes, filled(9)).subarray(7, 7 + bytes.length)
      expect(parseSignable(view)).toEqual(parseSignable(bytes))
      expect(parseSignable(Buffer.from(bytes))).toEqual(parseSignable(bytes))
    },
  )
})

/** The shape every answer has: fields of the right type, numbers in range, a list that is not empty. */
function checkShape(bytes: Uint8Array): void {
  const parsed = parseSignable(bytes)
  if (parsed.outcome !== 'parsed') return
  const { signable } = parsed
  expect(signable.magicByte).toBe(bytes[0])
  if (signable.kind === 'operation') {
    expect(signable.contents.length).toBeGreaterThan(0)
    expect(signable.contents.slice(0, -1)).not.toContainEqual({ kind: 'unknown' })
  }
  if (!isConsensus(signable)) return
  for (const value of [signable.level, signable.round]) {
    expect(Number.isInteger(value) && value >= 0 && value <= 0x7fffffff).toBe(true)
  }
}

describe('F32 no input makes the parser throw', () => {
  const magicBytes = fc.constantFrom(0x03, 0x04, 0x05, 0x11, 0x12, 0x13, 0x80)

  test('random bytes behind a known watermark byte', () => {
    const bytes = fc.tuple(magicBytes, fc.uint8Array({ maxLength: 300 }))
    fc.assert(
      fc.property(bytes, ([magicByte, rest]) => {
        checkShape(concatBytes(Uint8Array.of(magicByte), rest))
      }),
      { numRuns: 3000 },
    )
  })

  test('random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), checkShape), { numRuns: 1000 })
  })

  test('recorded payloads with bytes changed, cut out or put in', () => {
    const recorded = payloadVectors.map((vector) => hex(vector.hex)).filter((bytes) => bytes.length < 2500)
    const edit = fc.tuple(
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.nat({ max: 5 }),
      fc.uint8Array({ maxLength: 5 }),
    )
    const mutated = fc.tuple(fc.constantFrom(...recorded), fc.array(edit, { minLength: 1, maxLength: 4 }))
    fc.assert(
      fc.property(mutated, ([bytes, edits]) => {
        const result = edits.reduce((whole, [place, cut, put]) => {
          const at = Math.floor(place * whole.length)
          return concatBytes(whole.subarray(0, at), put, whole.subarray(at + cut))
        }, bytes)
        checkShape(result)
      }),
      { numRuns: 3000 },
    )
  })

  test('reasons are short and hold no payload', () => {
    const secret = filled(500, 0xcd)
    for (const magicByte of [0x11, 0x12, 0x13]) {
      const parsed = parseSignable(concatBytes(Uint8Array.of(magicByte), secret))
      if (parsed.outcome !== 'malformed') throw new Error('a filled payload was read')
      expect(parsed.reason.length).toBeLessThan(100)
      expect(parsed.reason).not.toContain('cdcd')
    }
  })
})
