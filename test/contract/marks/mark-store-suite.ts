import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  comparePosition,
  decide,
  markName,
  type LevelGap,
  type Mark,
  type Position,
  type Verdict,
  type Wanted,
} from '../../../src/policy/index.js'
import { digestOf, MAINNET, signatureOf, wanted } from '../../policy/fixture.js'
import { freshKey, type HostStore, type StoreFactory } from './factory.js'

const MAX = 0x7fff_ffff
const KINDS = ['block', 'attestation'] as const
const HOUR = [{ hours: 1, maxMutez: 100, maxFeeMutez: undefined }]

/** One of the things that hosts and operators do. */
type Step = {
  readonly act: 'reserve' | 'sign' | 'raise' | 'refresh'
  readonly host: 'one' | 'other'
  readonly kind: (typeof KINDS)[number]
  readonly level: number
  readonly round: number
  readonly payload: number
}

const step: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom('reserve', 'reserve', 'reserve', 'sign', 'raise', 'refresh'),
  host: fc.constantFrom('one', 'other'),
  kind: fc.constantFrom(...KINDS),
  level: fc.integer({ min: 0, max: 8 }),
  round: fc.integer({ min: 0, max: 2 }),
  payload: fc.integer({ min: 1, max: 3 }),
})

/** What every store of marks promises. `parallel`: how many requests come at once. */
export function testMarkStore(factory: StoreFactory, { parallel = 16, runs = 30 } = {}): void {
  const setUp = async (level = 100, maxLevelGap: LevelGap = 1000) => {
    const key = freshKey()
    const seed: Position = { chain: MAINNET, key, kind: 'attestation', level, round: 0 }
    const opened = await factory.open({ seeds: [seed, { ...seed, kind: 'block' }], maxLevelGap })
    onTestFinished(() => opened.close())
    const want = (...[at, round, payload, rest]: Parameters<typeof wanted>) =>
      wanted(at, round, payload, { key, ...rest })
    const marksOf = (host: HostStore) => host.marks().filter((mark) => mark.key === key)
    const spendsOf = (host: HostStore) => host.spends().filter((spend) => spend.key === key)
    const isInQuarantine = (host: HostStore) => host.quarantines().some((one) => one.key === key)
    return { ...opened, key, seed, want, marksOf, spendsOf, isInQuarantine }
  }

  describe(factory.name, () => {
    test('lets one payload through for a level and round, on one host as on the other', async () => {
      const { one, other, want } = await setUp()
      expect(await one.reserve(want(101))).toMatchObject({
        verdict: 'advance',
        from: { level: 100, round: 0, digest: undefined },
        to: { level: 101, round: 0, digest: digestOf(1), signature: undefined },
      })
      for (const host of [other, one]) {
        expect(await host.reserve(want(101))).toEqual({ verdict: 'repeat', signature: undefined })
        expect(await host.reserve(want(101, 0, 2))).toMatchObject({ denial: 'conflicts-with-mark' })
        expect(await host.reserve(want(100, 7, 2))).toMatchObject({ denial: 'below-mark' })
      }
    })

    test('of many payloads at once for one level and round exactly one is let through', async () => {
      const { one, other, want } = await setUp()
      for (let level = 101; level < 106; level++) {
        const asked = Array.from({ length: parallel }, (_, payload) => ({
          payload,
          host: payload % 2 === 0 ? one : other,
        }))
        const verdicts = await Promise.all(
          asked.map(async ({ host, payload }) => (await host.reserve(want(level, 0, payload))).verdict),
        )
        const winners = asked.filter((_, index) => verdicts[index] === 'advance')
        expect(winners).toHaveLength(1)
        expect(verdicts.filter((verdict) => verdict === 'deny')).toHaveLength(parallel - 1)
        await Promise.all([one.refresh(), other.refresh()])
        for (const host of [one, other]) {
          const here = host.marks().find((mark) => markName(mark) === markName(want(level)))
          expect(here).toMatchObject({ level, digest: digestOf(winners[0]!.payload) })
        }
      }
    })

    test('the same payload many times at once raises once and is repeated otherwise', async () => {
      const { one, other, want } = await setUp()
      const verdicts = await Promise.all(
        Array.from(
          { length: parallel },
          async (_, index) => (await (index % 2 === 0 ? one : other).reserve(want(101))).verdict,
        ),
      )
      expect(verdicts.filter((verdict) => verdict === 'advance')).toHaveLength(1)
      expect(verdicts.filter((verdict) => verdict === 'repeat')).toHaveLength(parallel - 1)
    })

    test('answers an identical request with the stored signature, also on the other host', async () => {
      const { one, other, want } = await setUp()
      await one.reserve(want(101))
      await one.keepSignature(want(101), signatureOf(1))
      const repeat = { verdict: 'repeat', signature: signatureOf(1) }
      expect(await one.peek(want(101))).toEqual(repeat)
      expect(await one.reserve(want(101))).toEqual(repeat)
      await expect.poll(() => other.reserve(want(101)), { interval: 20 }).toEqual(repeat)
      await other.refresh()
      expect(await other.peek(want(101))).toEqual(repeat)
    })

    test('keeps no signature where the mark is of another payload or place', async () => {
      const { one, other, want } = await setUp()
      await one.reserve(want(101))
      await one.keepSignature(want(101, 0, 2), signatureOf(2))
      await one.keepSignature(want(102), signatureOf(3))
      expect(await one.reserve(want(101))).toEqual({ verdict: 'repeat', signature: undefined })
      expect(await other.reserve(want(101))).toEqual({ verdict: 'repeat', signature: undefined })
    })

    test('sets no first mark for a request', async () => {
      const { one, other, want, marksOf } = await setUp()
      const strange = want(101, 0, 1, { kind: 'preattestation' })
      for (const host of [one, other]) {
        expect(await host.reserve(strange)).toEqual({ verdict: 'deny', denial: 'no-mark', mark: undefined })
        expect(await host.raise(strange)).toMatchObject({ outcome: 'refused', reason: 'no-mark' })
        expect((await host.import([strange], [])).unknown).toHaveLength(1)
        await host.refresh()
        expect(marksOf(host)).toHaveLength(2)
      }
    })

    test('no method lowers a mark', async () => {
      const { one, other, seed, want, marksOf } = await setUp()
      await one.reserve(want(200, 3))
      for (const host of [other, one]) {
        for (const level of [199, 200]) {
          expect(await host.raise({ ...seed, level })).toMatchObject({ reason: 'not-higher' })
          expect(await host.seed([{ ...seed, level }])).toEqual([])
          const { raised } = await host.import([{ ...seed, level, digest: digestOf(9) }], [])
          expect(raised).toEqual([])
        }
        await host.refresh()
        expect(marksOf(host).find(({ kind }) => kind === 'attestation')).toMatchObject({
          level: 200,
          round: 3,
          digest: digestOf(1),
        })
      }
      expect(await other.reserve(want(200, 3))).toMatchObject({ verdict: 'repeat' })
    })

    test('what an operator raises, seeds or imports binds both hosts', async () => {
      const { one, other, seed, want } = await setUp()
      expect(await one.raise({ ...seed, level: 150 })).toMatchObject({
        outcome: 'raised',
        from: { level: 100 },
      })
      expect(await other.reserve(want(150))).toMatchObject({ denial: 'conflicts-with-mark' })
      const first: Position = { ...seed, kind: 'preattestation', level: 7 }
      expect(await one.seed([first])).toEqual([first])
      await other.refresh()
      expect(await other.reserve(want(7, 0, 1, { kind: 'preattestation' }))).toMatchObject({
        verdict: 'deny',
      })
      await other.import([{ ...seed, level: 160, digest: digestOf(5) }], [])
      expect(await one.reserve(want(160, 0, 4))).toMatchObject({ denial: 'conflicts-with-mark' })
      expect(await one.reserve(want(160, 0, 5))).toMatchObject({ verdict: 'repeat' })
      expect(await one.reserve(want(161))).toMatchObject({ verdict: 'advance' })
    })

    test('limits how far a mark may jump, but not from a seed at level 0', async () => {
      const { one, other, want } = await setUp(0, 50)
      expect(await one.reserve(want(MAX - 60))).toMatchObject({ verdict: 'advance' })
      expect(await other.reserve(want(MAX - 9))).toMatchObject({ denial: 'level-gap' })
      expect(await other.reserve(want(MAX - 10))).toMatchObject({ verdict: 'advance' })
      one.limitLevelGap(5)
      await one.refresh()
      expect(await one.reserve(want(MAX - 4))).toMatchObject({ denial: 'level-gap' })
      one.limitLevelGap('off')
      expect(await one.reserve(want(MAX - 4))).toMatchObject({ verdict: 'advance' })
    })

    test('orders level and round as a pair, up to the largest numbers there are', async () => {
      const { one, other, want } = await setUp(MAX - 1, 'off')
      expect(await one.reserve(want(MAX - 1, MAX))).toMatchObject({ verdict: 'advance' })
      expect(await other.reserve(want(MAX - 1, MAX - 1))).toMatchObject({ denial: 'below-mark' })
      expect(await other.reserve(want(MAX, 0))).toMatchObject({ verdict: 'advance' })
      expect(await one.reserve(want(MAX, MAX))).toMatchObject({ verdict: 'advance' })
      expect(await one.reserve(want(MAX, 10))).toMatchObject({ denial: 'below-mark' })
      expect(await other.reserve(want(MAX, MAX, 2))).toMatchObject({ denial: 'conflicts-with-mark' })
    })

    test('kinds do not constrain each other', async () => {
      const { one, other, want } = await setUp()
      await one.reserve(want(500))
      expect(await other.reserve(want(101, 0, 2, { kind: 'block' }))).toMatchObject({ verdict: 'advance' })
    })

    test('a key in quarantine is so on both hosts, and is let go on both', async () => {
      const { one, other, key, isInQuarantine } = await setUp()
      expect([one, other].some(isInQuarantine)).toBe(false)
      await one.quarantine(key, digestOf(1))
      expect(one.quarantines()).toContainEqual(expect.objectContaining({ key, digest: digestOf(1) }))
      await other.refresh()
      expect(other.quarantines()).toContainEqual(expect.objectContaining({ key, digest: digestOf(1) }))
      expect(await other.clearQuarantine(key)).toBe(true)
      await one.refresh()
      for (const host of [one, other]) {
        expect(isInQuarantine(host)).toBe(false)
        expect(await host.clearQuarantine(key)).toBe(false)
      }
    })

    test('windows count what all hosts let through, each payload once', async () => {
      const { one, other, key, spendsOf } = await setUp()
      const spend = (payload: number, mutez: bigint) => ({
        key,
        digest: digestOf(payload),
        mutez,
        feeMutez: 1n,
      })
      expect(await one.reserveSpend(spend(1, 60n), HOUR)).toEqual({ verdict: 'reserve' })
      expect(await other.reserveSpend(spend(2, 41n), HOUR)).toMatchObject({ verdict: 'deny' })
      expect(await other.reserveSpend(spend(1, 60n), HOUR)).toEqual({ verdict: 'counted' })
      expect(await other.reserveSpend(spend(3, 40n), HOUR)).toEqual({ verdict: 'reserve' })
      await Promise.all([one.refresh(), other.refresh()])
      for (const host of [one, other]) {
        expect(
          spendsOf(host)
            .map(({ mutez }) => mutez)
            .sort(),
        ).toEqual([40n, 60n])
        expect(await host.peekSpend(spend(4, 1n), HOUR)).toMatchObject({ verdict: 'deny' })
      }
    })

    test('of many spends at once only as many are let through as there is room for', async () => {
      const { one, other, key } = await setUp()
      const verdicts = await Promise.all(
        Array.from({ length: parallel }, async (_, payload) => {
          const spend = { key, digest: digestOf(payload), mutez: 30n, feeMutez: 0n }
          return (await (payload % 2 === 0 ? one : other).reserveSpend(spend, HOUR)).verdict
        }),
      )
      expect(verdicts.filter((verdict) => verdict === 'reserve')).toHaveLength(3)
    })

    test(
      'does in any history on two hosts what the rule says of all that came before',
      { timeout: 60_000 },
      async () => {
        const { one, other } = await setUp()
        await fc.assert(
          fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
            const key = freshKey()
            const model = new Model()
            const seeds = KINDS.map((kind): Position => ({ chain: MAINNET, key, kind, level: 1, round: 0 }))
            await one.seed(seeds)
            await other.refresh()
            for (const seed of seeds) model.raise(seed)
            for (const one_ of steps) await take(one_, { one, other }[one_.host], key, model)
          }),
          { numRuns: runs },
        )
      },
    )
  })
}

async function take(
  { act, kind, level, round, payload }: Step,
  host: HostStore,
  key: Wanted['key'],
  model: Model,
): Promise<void> {
  const want = wanted(level, round, payload, { key, kind })
  switch (act) {
    case 'reserve':
      model.judge(want, await host.reserve(want))
      return
    case 'sign':
      await host.keepSignature(want, signatureOf(payload))
      return
    case 'raise':
      expect((await host.raise(want)).outcome).toBe(model.raise(want) ? 'raised' : 'refused')
      return
    case 'refresh':
      await host.refresh()
  }
}

/** What was let through by all hosts together. */
class Model {
  readonly #marks = new Map<string, Mark>()
  readonly #signable = new Map<string, string>()

  raise(position: Position): boolean {
    const before = this.#marks.get(markName(position))
    if (before !== undefined && comparePosition(position, before) <= 0) return false
    const { level, round } = position
    this.#marks.set(markName(position), { level, round, digest: undefined, signature: undefined })
    return true
  }

  /**
   * A host whose journal is behind may still repeat what was let through, and may give another reason for a denial; it
   * never lets anything else through.
   */
  judge(want: Wanted, said: Verdict): void {
    const name = markName(want)
    const place = `${name}/${want.level}/${want.round}`
    const rule = decide(want, this.#marks.get(name), 1000)
    expect(said.verdict === 'advance').toBe(rule.verdict === 'advance')
    if (rule.verdict === 'advance') {
      this.#marks.set(name, rule.to)
      this.#signable.set(place, want.digest)
    }
    if (rule.verdict === 'repeat') expect(said.verdict).toBe('repeat')
    if (said.verdict === 'repeat') expect(this.#signable.get(place)).toBe(want.digest)
  }
}
