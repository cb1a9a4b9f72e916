import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  comparePosition,
  decide,
  markName,
  type LevelGap,
  type Mark,
  type Position,
  type SpendWindow,
} from '../../../src/policy/index.js'
import type { MarksTable } from '../../../src/shared-marks/index.js'
import { digestOf, MAINNET, signatureOf, wanted } from '../../policy/fixture.js'
import { freshKey, type TableFactory } from './factory.js'

const MAX = 0x7fff_ffff
const HOUR: readonly SpendWindow[] = [{ hours: 1, maxMutez: 100, maxFeeMutez: 10 }]

const attempt = fc.record({
  by: fc.constantFrom('one', 'other'),
  level: fc.integer({ min: 0, max: 6 }),
  round: fc.integer({ min: 0, max: 2 }),
  payload: fc.integer({ min: 1, max: 2 }),
  floor: fc.option(
    fc.record({ level: fc.integer({ min: 0, max: 6 }), round: fc.integer({ min: 0, max: 2 }) }),
    {
      nil: undefined,
    },
  ),
  gap: fc.constantFrom<LevelGap>('off', 1, 3),
})

/** What every table promises. */
export function testMarksTable(factory: TableFactory, { parallel = 16, runs = 30 } = {}): void {
  const setUp = async (level = 100) => {
    const key = freshKey()
    const seed: Position = { chain: MAINNET, key, kind: 'attestation', level, round: 0 }
    const opened = await factory.open()
    onTestFinished(() => opened.close())
    const want = (...[at, round, payload, rest]: Parameters<typeof wanted>) =>
      wanted(at, round, payload, { key, ...rest })
    const standing = async (table: MarksTable) =>
      (await table.read()).marks.filter((mark) => mark.key === key && mark.kind === 'attestation')[0]
    return { ...opened, key, seed, want, standing }
  }

  describe(factory.name, () => {
    test('has a first mark by its seed alone, and the first seed stays', async () => {
      const { one, other, seed, want, standing } = await setUp()
      expect(await one.raise(want(1), undefined, 'off')).toEqual({ raised: false, stands: undefined })
      expect(await one.raiseByHand(seed)).toMatchObject({ outcome: 'refused', reason: 'no-mark' })
      expect(await one.raiseTo({ ...seed, digest: digestOf(1), signature: undefined })).toBe(false)
      await one.keepSignature(want(1), signatureOf(1))
      expect(await standing(other)).toBeUndefined()
      const fresh = await Promise.all([one.seed([seed]), other.seed([seed]), one.seed([seed])])
      expect(fresh.flat()).toEqual([seed])
      expect(await other.seed([{ ...seed, level: 5 }])).toEqual([])
      expect(await standing(one)).toMatchObject({ ...seed, digest: undefined, signature: undefined })
    })

    test('raises to one payload, says so to that call alone, and tells the others what stands', async () => {
      const { one, other, seed, want } = await setUp()
      await one.seed([seed])
      const stands = { level: 101, round: 0, digest: digestOf(1), signature: undefined }
      expect(await one.raise(want(101), seed, 1)).toEqual({ raised: true, stands })
      expect(await other.raise(want(101), seed, 1)).toEqual({ raised: false, stands })
      expect(await other.raise(want(101, 0, 2), seed, 1)).toEqual({ raised: false, stands })
      expect(await one.raise(want(100, 9, 2), seed, 1)).toEqual({ raised: false, stands })
    })

    test('raises nothing that is below the floor of whoever asks', async () => {
      const { one, other, seed, want, standing } = await setUp()
      await one.seed([seed])
      for (const floor of [
        { level: 100, round: 1 },
        { level: 101, round: 0 },
      ]) {
        const { raised, stands } = await other.raise(want(105), floor, 'off')
        expect(raised).toBe(false)
        expect(stands).toMatchObject({ level: 100, round: 0, digest: undefined })
      }
      expect(await standing(one)).toMatchObject({ level: 100 })
      expect(await other.raise(want(105), { level: 100, round: 0 }, 'off')).toMatchObject({ raised: true })
    })

    test('raises by no more than the gap, except a seed at level 0', async () => {
      const { one, seed, want } = await setUp(0)
      await one.seed([seed])
      expect(await one.raise(want(500), seed, 10)).toMatchObject({ raised: true })
      expect(await one.raise(want(511), seed, 10)).toMatchObject({ raised: false, stands: { level: 500 } })
      expect(await one.raise(want(510), seed, 10)).toMatchObject({ raised: true })
      expect(await one.raise(want(MAX, MAX), seed, MAX)).toMatchObject({ raised: true })
    })

    test('a mark signed with at level 0 has the gap as any other', async () => {
      const { one, seed, want } = await setUp(0)
      await one.seed([seed])
      expect(await one.raise(want(0, 1), seed, 10)).toMatchObject({ raised: true })
      expect(await one.raise(want(11), seed, 10)).toMatchObject({ raised: false })
    })

    test('of many raises at once one wins each place, and what each is told did stand', async () => {
      const { one, other, seed, want, standing } = await setUp()
      await one.seed([seed])
      const asked = Array.from({ length: parallel * 2 }, (_, index) => ({
        table: index % 2 === 0 ? one : other,
        want: want(101 + (index % 4), index % 3, index),
      }))
      const told = await Promise.all(
        asked.map(async ({ table, want: wish }) => ({ wish, ...(await table.raise(wish, seed, 'off')) })),
      )
      const winners = told.filter(({ raised }) => raised)
      const digestAt = new Map(winners.map(({ wish }) => [`${wish.level}/${wish.round}`, wish.digest]))
      expect(digestAt.size).toBe(winners.length)
      for (const { raised, wish, stands } of told) {
        expect(stands?.digest).toBe(raised ? wish.digest : digestAt.get(`${stands?.level}/${stands?.round}`))
        expect(comparePosition(stands!, wish)).toBeGreaterThanOrEqual(0)
      }
      const highest = winners
        .map(({ wish }) => wish)
        .sort(comparePosition)
        .at(-1)
      expect(await standing(other)).toMatchObject({ level: highest?.level, digest: highest?.digest })
    })

    test('does in any history what the rule says', { timeout: 60_000 }, async () => {
      const { one, other } = await setUp()
      await fc.assert(
        fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 15 }), async (attempts) => {
          const place: Position = { chain: MAINNET, key: freshKey(), kind: 'block', level: 0, round: 0 }
          let mark: Mark = { level: 0, round: 0, digest: undefined, signature: undefined }
          await one.seed([place])
          for (const { by, level, round, payload, floor, gap } of attempts) {
            const wish = wanted(level, round, payload, { key: place.key, kind: 'block' })
            const isBelow = floor !== undefined && comparePosition(mark, floor) < 0
            const rule = decide(wish, mark, gap)
            const raised = !isBelow && rule.verdict === 'advance'
            if (raised) mark = rule.to
            const told = await { one, other }[by].raise(wish, floor, gap)
            expect(told).toEqual({ raised, stands: mark })
          }
        }),
        { numRuns: runs },
      )
    })

    test('keeps the first signature of the payload that stands, and no other', async () => {
      const { one, other, seed, want, standing } = await setUp()
      await one.seed([seed])
      await one.raise(want(101), seed, 'off')
      await one.keepSignature(want(101, 0, 2), signatureOf(2))
      await one.keepSignature(want(100), signatureOf(3))
      await one.keepSignature(want(101, 1), signatureOf(4))
      expect(await standing(other)).toMatchObject({ signature: undefined })
      await other.keepSignature(want(101), signatureOf(1))
      await one.keepSignature(want(101), signatureOf(5))
      expect(await one.raise(want(101), seed, 'off')).toMatchObject({
        raised: false,
        stands: { digest: digestOf(1), signature: signatureOf(1) },
      })
      expect(await one.raise(want(102), seed, 'off')).toMatchObject({ stands: { signature: undefined } })
    })

    test('is raised by hand and by an import, and lowered by neither', async () => {
      const { one, other, seed, want, standing } = await setUp()
      await one.seed([seed])
      const hand = await other.raiseByHand({ ...seed, level: 200, round: 1 })
      expect(hand).toMatchObject({ outcome: 'raised', from: { ...seed, digest: undefined } })
      expect(await one.raise(want(200, 1), seed, 'off')).toMatchObject({ stands: { digest: undefined } })
      for (const [level, round] of [
        [200, 1],
        [200, 0],
        [199, 9],
      ] as const) {
        const refused = await one.raiseByHand({ ...seed, level, round })
        expect(refused).toMatchObject({ reason: 'not-higher', mark: { level: 200, round: 1 } })
        const mark = { ...seed, level, round, digest: digestOf(1), signature: signatureOf(1) }
        expect(await one.raiseTo(mark)).toBe(false)
      }
      const mark = { ...seed, level: 201, digest: digestOf(7), signature: signatureOf(7) }
      expect(await one.raiseTo(mark)).toBe(true)
      expect(await standing(other)).toMatchObject(mark)
    })

    test('quarantines a key once, and lets it go once', async () => {
      const { one, other, key } = await setUp()
      const own = async () => (await other.read()).quarantines.filter((found) => found.key === key)
      await Promise.all([one.quarantine(key, digestOf(1)), one.quarantine(key, digestOf(1))])
      await other.quarantine(key, digestOf(2))
      expect(await own()).toMatchObject([{ key, digest: digestOf(1) }])
      expect(await other.clearQuarantine(key)).toBe(true)
      expect(await one.clearQuarantine(key)).toBe(false)
      expect(await own()).toEqual([])
    })

    test('lets spends through as far as the windows have room, by its own clock', async () => {
      const { one, other, key } = await setUp()
      const spend = (payload: number, mutez: bigint, feeMutez = 1n) => ({
        key,
        digest: digestOf(payload),
        mutez,
        feeMutez,
      })
      const many = await Promise.all(
        Array.from({ length: parallel }, (_, payload) =>
          (payload % 2 === 0 ? one : other).reserveSpend(spend(payload, 30n), HOUR),
        ),
      )
      expect(many.filter(({ verdict }) => verdict === 'reserve')).toHaveLength(3)
      const { spends } = await one.read()
      const own = spends.filter((found) => found.key === key)
      expect(own).toHaveLength(3)
      expect(await other.reserveSpend({ ...own[0]! }, HOUR)).toEqual({ verdict: 'counted' })
      expect(await other.reserveSpend(spend(99, 1n, 8n), HOUR)).toMatchObject({ verdict: 'deny' })
      const huge = spend(100, 10n ** 23n)
      expect(
        await one.reserveSpend(huge, [{ hours: 1, maxMutez: 100, maxFeeMutez: undefined }]),
      ).toMatchObject({
        verdict: 'deny',
      })
    })

    test('reads all there is at once', async () => {
      const { one, seed, want, key } = await setUp()
      await one.check()
      await one.seed([seed, { ...seed, kind: 'block' }])
      await one.raise(want(101), seed, 'off')
      const { marks } = await one.read()
      const own = marks.filter((mark) => mark.key === key)
      expect(own.map(markName).sort()).toEqual(
        [markName(want(0)), markName(want(0, 0, 0, { kind: 'block' }))].sort(),
      )
      expect(own.every(({ raisedAt }) => !Number.isNaN(Date.parse(raisedAt)))).toBe(true)
    })
  })
}
