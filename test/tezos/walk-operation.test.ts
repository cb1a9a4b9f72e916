import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, OPERATION_KINDS, operationKind, parseSignable } from '../../src/tezos/index.js'
import {
  be32,
  content,
  counted,
  filled,
  managerContent,
  operation,
  TRANSACTION,
  zarithN,
} from './build-payload.js'
import { ALONE_CONTENTS, MANAGER_CONTENTS, OPAQUE_CONTENTS, UNWALKABLE_CONTENTS } from './contents.js'
import { payload } from './golden-data.js'

const NONE = Uint8Array.of(0x00)
const IMPLICIT = concatBytes(Uint8Array.of(0x00, 0x00), filled(20))

function contentsOf(bytes: Uint8Array): readonly string[] {
  const parsed = parseSignable(bytes)
  if (parsed.outcome !== 'parsed' || parsed.signable.kind !== 'operation') throw new Error('not an operation')
  return parsed.signable.contents.map(({ kind }) => kind)
}

const walk = (...contents: readonly Uint8Array[]) => contentsOf(operation(...contents))

test('every kind there is stands in one of the lists below', () => {
  const all = [...MANAGER_CONTENTS, ...UNWALKABLE_CONTENTS, ...ALONE_CONTENTS, ...OPAQUE_CONTENTS]
  expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(OPERATION_KINDS))
})

describe.each(MANAGER_CONTENTS)('$kind, which may be batched', ({ kind, bytes }) => {
  test('is walked to its exact end', () => {
    expect(walk(bytes)).toEqual([kind])
    expect(walk(TRANSACTION, bytes, TRANSACTION)).toEqual(['transaction', kind, 'transaction'])
  })

  test('hides nothing when it is cut', () => {
    for (let size = 1; size < bytes.length; size++) {
      expect(walk(bytes.subarray(0, size))).toEqual([kind, 'unknown'])
    }
  })

  test('hides no byte behind it', () => {
    expect(walk(bytes, Uint8Array.of(0xfd))).toEqual([kind, 'unknown'])
  })

  test('has a source of a known curve and numbers that are not over-long', () => {
    expect(walk(bytes.with(1, 0x05))).toEqual([kind, 'unknown'])
    const feeAt = 1 + 21
    const overLong = concatBytes(
      bytes.subarray(0, feeAt),
      Uint8Array.of(0x80),
      NONE,
      bytes.subarray(feeAt + 2),
    )
    expect(walk(overLong)).toEqual([kind, 'unknown'])
  })
})

describe.each(UNWALKABLE_CONTENTS)('$kind, whose end cannot be found', ({ kind, bytes }) => {
  test('is named, and may hide another content', () => {
    expect(walk(bytes)).toEqual([kind, 'unknown'])
    expect(walk(bytes, TRANSACTION)).toEqual([kind, 'unknown'])
    expect(walk(TRANSACTION, bytes)).toEqual(['transaction', kind, 'unknown'])
  })
})

describe.each(ALONE_CONTENTS)('$kind, which must be alone', ({ kind, bytes }) => {
  test('is named', () => {
    expect(walk(bytes)).toEqual([kind])
  })

  test('is not complete with anything before or behind it', () => {
    expect(walk(bytes, TRANSACTION)).toEqual([kind, 'unknown'])
    expect(walk(bytes, bytes)).toEqual([kind, 'unknown'])
    expect(walk(bytes, Uint8Array.of(0x00))).toEqual([kind, 'unknown'])
    expect(walk(TRANSACTION, bytes)).toEqual(['transaction', kind, 'unknown'])
  })

  test('is not complete when it is cut', () => {
    for (let size = 1; size < bytes.length; size++) {
      expect(walk(bytes.subarray(0, size))).toEqual([kind, 'unknown'])
    }
  })
})

describe.each(OPAQUE_CONTENTS)('$kind, which must be alone and is not read', ({ kind, bytes }) => {
  test('takes all that remains', () => {
    expect(walk(bytes)).toEqual([kind])
    expect(walk(bytes.subarray(0, 1))).toEqual([kind])
    expect(walk(bytes, TRANSACTION)).toEqual([kind])
  })

  test('is not complete behind another content', () => {
    expect(walk(TRANSACTION, bytes)).toEqual(['transaction', kind, 'unknown'])
  })
})

describe('an operation', () => {
  test('without a content is unknown', () => {
    for (let size = 1; size <= 33; size++) {
      expect(contentsOf(operation().subarray(0, size))).toEqual(['unknown'])
    }
  })

  test('with a tag nobody knows is unknown, first or later', () => {
    const unknown = Array.from({ length: 256 }, (_, tag) => tag).filter(
      (tag) => operationKind(tag) === 'unknown',
    )
    expect(unknown).toEqual(expect.arrayContaining([0, 7, 22, 150, 157, 253, 255]))
    for (const tag of unknown) {
      expect(walk(managerContent(tag))).toEqual(['unknown'])
      expect(walk(TRANSACTION, content(tag, filled(50)), TRANSACTION)).toEqual(['transaction', 'unknown'])
    }
  })

  test('F35 that drains a delegate is named so, and never behind another name', () => {
    const drain = payload('taquito Drain Delegate')
    expect(contentsOf(drain)).toEqual(['drain_delegate'])
    expect(contentsOf(concatBytes(drain, TRANSACTION))).toEqual(['drain_delegate', 'unknown'])
    expect(walk(TRANSACTION, drain.subarray(33))).toEqual(['transaction', 'drain_delegate', 'unknown'])
  })

  test('of contents that may be batched is named content by content', () => {
    const contents = fc.array(fc.constantFrom(...MANAGER_CONTENTS), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(contents, (batch) => {
        expect(walk(...batch.map(({ bytes }) => bytes))).toEqual(batch.map(({ kind }) => kind))
      }),
      { numRuns: 300 },
    )
  })

  test('cut inside a batch ends with unknown', () => {
    const batch = payload('taquito Multiple transaction')
    const ends = new Set<number>()
    for (let size = 34; size < batch.length; size++) {
      const contents = contentsOf(batch.subarray(0, size))
      if (contents.at(-1) !== 'unknown') ends.add(size)
    }
    // The three places where one content ends and the next begins.
    expect(ends.size).toBe(3)
  })

  test('of 20,000 contents is walked without running out of stack', () => {
    const contents = contentsOf(operation(...Array.from({ length: 20_000 }, () => TRANSACTION)))
    expect(contents).toHaveLength(20_000)
  })
})

describe('fields', () => {
  test('a reveal or a key update without its proof byte, as before protocol 023, is not complete', () => {
    const key = concatBytes(Uint8Array.of(0x02), filled(33))
    for (const [tag, kind] of [
      [107, 'reveal'],
      [114, 'update_consensus_key'],
      [115, 'update_companion_key'],
    ] as const) {
      expect(walk(managerContent(tag, key))).toEqual([kind, 'unknown'])
      expect(walk(managerContent(tag, key), TRANSACTION)).toEqual([kind, 'unknown'])
    }
  })

  test('a proof is of 96 bytes', () => {
    const key = concatBytes(Uint8Array.of(0x03), filled(48))
    for (const size of [0, 95, 97]) {
      const proof = concatBytes(Uint8Array.of(0xff), counted(filled(size)))
      expect(walk(managerContent(114, key, proof))).toEqual(['update_consensus_key', 'unknown'])
    }
  })

  test('a public key of an unknown curve or another size is not complete', () => {
    expect(walk(managerContent(107, Uint8Array.of(0x05), filled(33), NONE))).toEqual(['reveal', 'unknown'])
    expect(walk(managerContent(107, Uint8Array.of(0x00), filled(33), NONE))).toEqual(['reveal', 'unknown'])
  })

  test('an option is 00 or ff', () => {
    for (const flag of [0x01, 0x7f, 0xfe]) {
      const delegate = concatBytes(Uint8Array.of(flag, 0x00), filled(20))
      expect(walk(managerContent(110, delegate.with(0, 0xff)))).toEqual(['delegation'])
      expect(walk(managerContent(110, delegate))).toEqual(['delegation', 'unknown'])
    }
  })

  test('a contract is implicit, or originated with its padding', () => {
    const to = (...contract: readonly Uint8Array[]) => walk(managerContent(108, NONE, ...contract, NONE))
    expect(to(Uint8Array.of(0x01), filled(20), NONE)).toEqual(['transaction'])
    expect(to(Uint8Array.of(0x01), filled(20), Uint8Array.of(0x01))).toEqual(['transaction', 'unknown'])
    expect(to(Uint8Array.of(0x02), filled(20), NONE)).toEqual(['transaction', 'unknown'])
    expect(to(Uint8Array.of(0x00, 0x05), filled(20))).toEqual(['transaction', 'unknown'])
    const originated = concatBytes(Uint8Array.of(0x01), filled(20), NONE)
    expect(walk(managerContent(113, NONE, originated))).toEqual(['increase_paid_storage'])
    expect(walk(managerContent(113, NONE, IMPLICIT))).toEqual(['increase_paid_storage', 'unknown'])
  })

  test('an entrypoint is one of the ten, or has a name', () => {
    const call = (...entrypoint: readonly Uint8Array[]) =>
      walk(managerContent(108, NONE, IMPLICIT, Uint8Array.of(0xff), ...entrypoint, counted(filled(2))))
    expect(call(Uint8Array.of(9))).toEqual(['transaction'])
    expect(call(Uint8Array.of(10))).toEqual(['transaction', 'unknown'])
    expect(call(Uint8Array.of(0xfe))).toEqual(['transaction', 'unknown'])
    expect(call(Uint8Array.of(0xff, 5), filled(5))).toEqual(['transaction'])
    expect(call(Uint8Array.of(0xff, 5), filled(4))).toEqual(['transaction', 'unknown'])
  })

  test('proposals are of 32 bytes each', () => {
    const source = concatBytes(NONE, filled(20), filled(4))
    expect(walk(content(5, source, counted(filled(96))))).toEqual(['proposals'])
    expect(walk(content(5, source, counted(filled(95))))).toEqual(['proposals', 'unknown'])
  })

  test('a declared length beyond the payload, up to 0xFFFFFFFF, ends the walk at once', () => {
    for (const size of [3, 0x7fffffff, 0x80000000, 0xffffffff]) {
      expect(walk(managerContent(111, be32(size), filled(2)))).toEqual([
        'register_global_constant',
        'unknown',
      ])
      expect(walk(content(17, be32(size), filled(2)))).toEqual(['failing_noop', 'unknown'])
    }
  })

  test('a counted field of no bytes may be the last', () => {
    expect(walk(managerContent(111, be32(0)))).toEqual(['register_global_constant'])
    expect(walk(content(17, be32(0)))).toEqual(['failing_noop'])
  })

  test('an amount is of 63 bits at most, and must end', () => {
    const most = zarithN(2n ** 63n - 1n)
    const limit = (number: Uint8Array) => walk(managerContent(112, Uint8Array.of(0xff), number), TRANSACTION)
    expect(most).toHaveLength(9)
    expect(limit(most)).toEqual(['set_deposits_limit', 'transaction'])
    expect(limit(zarithN(2n ** 63n))).toEqual(['set_deposits_limit', 'unknown'])
    expect(limit(filled(1_000_000, 0x80))).toEqual(['set_deposits_limit', 'unknown'])
    expect(zarithN(0n)).toEqual(NONE)
  })

  test('a number of tickets may be larger', () => {
    const large = concatBytes(filled(900, 0x80), Uint8Array.of(0x01))
    const parts = [be32(0), be32(0), IMPLICIT, large, IMPLICIT, be32(0)]
    expect(walk(managerContent(158, ...parts), TRANSACTION)).toEqual(['transfer_ticket', 'transaction'])
  })

  test('a ballot is yay, nay or pass', () => {
    const ballot = (vote: number) => walk(content(6, NONE, filled(20 + 4 + 32), Uint8Array.of(vote)))
    for (const vote of [0, 1, 2]) expect(ballot(vote)).toEqual(['ballot'])
    for (const vote of [3, 0xff]) expect(ballot(vote)).toEqual(['ballot', 'unknown'])
  })
})
