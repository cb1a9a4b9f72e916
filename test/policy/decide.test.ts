import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decide, type LevelGap, type Mark } from '../../src/policy/index.js'
import { comparePosition } from '../../src/policy/mark.js'
import { digestOf, signatureOf, wanted } from './fixture.js'

const MAX = 0x7fffffff
const GAP = 14_400

function mark(level: number, round = 0, payload = 1, signature?: string): Mark {
  return { level, round, digest: digestOf(payload), signature }
}

const seed = (level: number, round = 0): Mark => ({ level, round, digest: undefined, signature: undefined })

describe('what the rule says', () => {
  test.each<[string, ReturnType<typeof wanted>, Mark | undefined, LevelGap, string]>([
    ['F7 no mark is a refusal, not zero', wanted(1), undefined, GAP, 'no-mark'],
    ['no mark is a refusal with the gap rule off too', wanted(0), undefined, 'off', 'no-mark'],
    ['a lower level is refused', wanted(99), mark(100), GAP, 'below-mark'],
    ['a lower level with a higher round is refused', wanted(99, 7), mark(100, 2), GAP, 'below-mark'],
    ['F24 an old level is refused with the gap rule off too', wanted(1), mark(MAX), 'off', 'below-mark'],
    ['a lower round of the same level is refused', wanted(100, 1), mark(100, 2), GAP, 'below-mark'],
    [
      'another payload at the mark is refused',
      wanted(100, 2, 8),
      mark(100, 2, 9),
      GAP,
      'conflicts-with-mark',
    ],
    ['any payload at a seeded mark is refused', wanted(100), seed(100), GAP, 'conflicts-with-mark'],
    ['any payload at a mark seeded at level 0 is refused', wanted(0), seed(0), GAP, 'conflicts-with-mark'],
    ['the next round is let through', wanted(100, 3), mark(100, 2), GAP, 'advance'],
    ['the next level is let through', wanted(101), mark(100, 9), GAP, 'advance'],
    ['the next level of a seed is let through', wanted(101), seed(100), GAP, 'advance'],
    ['F34 a jump of exactly the limit is let through', wanted(100 + GAP), mark(100), GAP, 'advance'],
    ['F34 a jump of one more is refused', wanted(101 + GAP), mark(100), GAP, 'level-gap'],
    ['F8 a jump from a seed above 0 is refused', wanted(101 + GAP), seed(100), GAP, 'level-gap'],
    ['a jump is let through with the rule off', wanted(MAX), mark(100), 'off', 'advance'],
    ['a seed at level 0 has no limit', wanted(10_000_000), seed(0), GAP, 'advance'],
    ['a seed at level 0 and some round has no limit', wanted(10_000_000), seed(0, 5), GAP, 'advance'],
    ['a payload signed at level 0 has the limit', wanted(GAP + 1), mark(0), GAP, 'level-gap'],
    [
      'a higher round at the limit of numbers is let through',
      wanted(5, MAX),
      mark(5, MAX - 1),
      GAP,
      'advance',
    ],
    ['F33 the highest level is refused by the gap rule', wanted(MAX), mark(100), GAP, 'level-gap'],
    ['F33 the highest level is near its neighbour', wanted(MAX, MAX), mark(MAX - 1), GAP, 'advance'],
    [
      'F33 nothing follows the highest level and round',
      wanted(MAX, MAX, 2),
      mark(MAX, MAX),
      GAP,
      'conflicts-with-mark',
    ],
    ['F33 level 0 is below the highest', wanted(0, MAX), mark(MAX), 'off', 'below-mark'],
    ['a limit of 0 lets a higher round through', wanted(100, 1), mark(100), 0, 'advance'],
    ['a limit of 0 lets no higher level through', wanted(101), mark(100), 0, 'level-gap'],
  ])('%s', (_, want, before, gap, expected) => {
    const verdict = decide(want, before, gap)
    expect(verdict.verdict === 'deny' ? verdict.denial : verdict.verdict).toBe(expected)
  })

  test('an advance says from where and to where, without a signature', () => {
    const before = mark(100, 2, 1, signatureOf(1))
    expect(decide(wanted(101, 4, 7), before, GAP)).toEqual({
      verdict: 'advance',
      from: before,
      to: { level: 101, round: 4, digest: digestOf(7), signature: undefined },
    })
  })

  test('the same payload is a repeat, with its signature when it is known', () => {
    const repeat = (signature?: string) => decide(wanted(100, 2, 1), mark(100, 2, 1, signature), GAP)
    expect(repeat()).toEqual({ verdict: 'repeat', signature: undefined })
    expect(repeat(signatureOf(1))).toEqual({ verdict: 'repeat', signature: signatureOf(1) })
  })

  test('a denial names the mark that stands in the way', () => {
    const before = mark(100, 2)
    expect(decide(wanted(99), before, GAP)).toEqual({ verdict: 'deny', denial: 'below-mark', mark: before })
    expect(decide(wanted(99), undefined, GAP)).toEqual({
      verdict: 'deny',
      denial: 'no-mark',
      mark: undefined,
    })
  })

  test('a digest that differs in its last digit is another payload', () => {
    const before = { ...mark(100), digest: `${'a'.repeat(63)}b` }
    const want = { ...wanted(100), digest: `${'a'.repeat(63)}c` }
    expect(decide(want, before, GAP)).toMatchObject({ denial: 'conflicts-with-mark' })
  })
})

const level = fc.oneof(fc.nat(3), fc.nat(MAX), fc.integer({ min: MAX - 3, max: MAX }))
const request = fc.record({ level, round: level, payload: fc.nat(2) })

describe('over any sequence of requests', () => {
  test('at most one payload advances for each level and round, and positions strictly rise', () => {
    const gaps = fc.constantFrom<LevelGap>('off', 0, 1, GAP)
    fc.assert(
      fc.property(fc.array(request, { maxLength: 40 }), request, gaps, (requests, first, gap) => {
        let before: Mark = seed(first.level % 4, first.round % 4)
        const digests = new Map<string, string>()
        for (const { level, round, payload } of requests) {
          const want = wanted(level, round, payload)
          const verdict = decide(want, before, gap)
          if (verdict.verdict === 'repeat') expect(digests.get(`${level}/${round}`)).toBe(want.digest)
          if (verdict.verdict !== 'advance') continue
          expect(verdict.from).toBe(before)
          expect(comparePosition(verdict.to, before)).toBe(1)
          expect(digests.has(`${level}/${round}`)).toBe(false)
          digests.set(`${level}/${round}`, want.digest)
          before = verdict.to
        }
      }),
      { numRuns: 500 },
    )
  })

  test('positions are ordered as pairs of numbers', () => {
    fc.assert(
      fc.property(request, request, (left, right) => {
        const asOne = ({ level, round }: typeof left) => BigInt(level) * 2n ** 32n + BigInt(round)
        const difference = asOne(left) - asOne(right)
        expect(comparePosition(left, right)).toBe(difference < 0n ? -1 : difference > 0n ? 1 : 0)
      }),
    )
  })
})
