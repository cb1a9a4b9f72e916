import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HEAD_TIMEOUT_MS, type HeadAnswer, type Refusal } from '../../src/policy/index.js'
import { MIN_LEVEL_MS, standingOf } from '../../src/policy/head-window.js'
import { GHOSTNET, MAINNET, ManualClock, wanted } from './fixture.js'
import { HandHead, headCheck, settled } from './head-fixture.js'

const code = async (refusal: Promise<Refusal | undefined>) => (await refusal)?.code ?? 'allowed'

describe('the window', () => {
  test.each([
    [103, 'ahead'],
    [102, 'within'],
    [100, 'within'],
    [90, 'within'],
    [89, 'behind'],
  ])('of the head 100, 2 ahead and 10 behind: level %i is %s', (level, standing) => {
    const head = { level: 100, askedAt: 5000 }
    expect(standingOf(level, head, { maxAhead: 2, maxBehind: 10 }, 5000)).toBe(standing)
  })

  test.each([
    [0, 'within'],
    [10 * MIN_LEVEL_MS, 'within'],
    [10 * MIN_LEVEL_MS + 1, 'perhaps-behind'],
    [3_600_000, 'perhaps-behind'],
  ])(
    'holds below its upper end for as long as the head cannot have outrun it: %i ms is %s',
    (age, standing) => {
      const head = { level: 100, askedAt: 5000 }
      expect(standingOf(100, head, { maxAhead: 2, maxBehind: 10 }, 5000 + age)).toBe(standing)
      expect(standingOf(103, head, { maxAhead: 2, maxBehind: 10 }, 5000 + age)).toBe('ahead')
      expect(standingOf(89, head, { maxAhead: 2, maxBehind: 10 }, 5000 + age)).toBe('behind')
    },
  )

  test('is told in words: the level, the head, the limit and the remedy', async () => {
    const { check } = headCheck(new HandHead(100))
    expect(await check.refusalOf(wanted(103))).toEqual({
      code: 'level-gap',
      message:
        "level 103 is more than 2 above the node's head 100 (head_check.max_ahead); see whether that node is synchronised",
    })
    expect(await check.refusalOf(wanted(89))).toEqual({
      code: 'level-gap',
      message:
        "level 89 is more than 10 below the node's head 100 (head_check.max_behind); it is too late for it: see whether the client's node is synchronised",
    })
  })
})

describe('the question', () => {
  test('is put once for a level, whatever its kind, round and outcome', async () => {
    const node = new HandHead(100)
    const { check } = headCheck(node)
    for (const [level, expected] of [
      [100, 'allowed'],
      [101, 'allowed'],
      [102, 'allowed'],
      [103, 'level-gap'],
    ] as const) {
      const before = node.questions.length
      expect(await code(check.refusalOf(wanted(level)))).toBe(expected)
      await settled()
      expect(node.questions).toHaveLength(before + 1)
    }
    const before = node.questions.length
    for (const kind of ['block', 'preattestation', 'attestation'] as const) {
      for (const level of [100, 101, 102]) {
        expect(await code(check.refusalOf(wanted(level, 3, 7, { kind })))).toBe('allowed')
      }
    }
    expect(node.questions).toHaveLength(before)
  })

  test('is shared by all who want to know the same', async () => {
    const node = new HandHead()
    const { check } = headCheck(node)
    const answers = Array.from({ length: 50 }, (_, index) => code(check.refusalOf(wanted(100 + (index % 3)))))
    await settled()
    expect(node.questions).toHaveLength(1)
    node.tell(100)
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['allowed']))
    expect(node.questions).toHaveLength(1)
  })

  test('is not waited for where the known head allows the level', async () => {
    const node = new HandHead(100)
    const { check } = headCheck(node)
    await check.refusalOf(wanted(100))
    node.hang()
    expect(await code(check.refusalOf(wanted(101)))).toBe('allowed')
    expect(node.questions).toHaveLength(2)
    node.tell(101)
    await settled()
    node.hang()
    expect(await code(check.refusalOf(wanted(103)))).toBe('allowed')
  })

  test('after a refusal is put again behind the back of the request, and the next one knows', async () => {
    const node = new HandHead(100)
    const { check } = headCheck(node)
    expect(await code(check.refusalOf(wanted(105)))).toBe('level-gap')
    node.hang()
    expect(await code(check.refusalOf(wanted(105)))).toBe('level-gap')
    expect(await code(check.refusalOf(wanted(105)))).toBe('level-gap')
    expect(node.questions).toHaveLength(2)
    node.tell(103)
    await settled()
    expect(await code(check.refusalOf(wanted(105)))).toBe('allowed')
  })

  test('about one chain says nothing of another', async () => {
    const node = new HandHead(100)
    const { check } = headCheck(node)
    await check.refusalOf(wanted(100))
    node.tell(5000)
    expect(await code(check.refusalOf(wanted(5000, 0, 1, { chain: GHOSTNET })))).toBe('allowed')
    expect(node.questions.map(({ chain }) => chain)).toEqual([MAINNET, GHOSTNET])
    expect(await code(check.refusalOf(wanted(100)))).toBe('allowed')
  })

  test('is put anew for a level that is asked for long after its answer', async () => {
    const node = new HandHead(100)
    const { check, clock } = headCheck(node)
    expect(await code(check.refusalOf(wanted(100)))).toBe('allowed')
    clock.advance(3_600_000)
    node.tell(700)
    expect(await code(check.refusalOf(wanted(100)))).toBe('level-gap')
    expect(node.questions).toHaveLength(2)
  })

  test('takes a bounded memory: the oldest of many levels is asked for again', async () => {
    const node = new HandHead(1000)
    const { check } = headCheck(node, { maxBehind: 500 })
    const levels = Array.from({ length: 65 }, (_, index) => 600 + index)
    for (const level of levels) {
      await check.refusalOf(wanted(level))
      await settled()
    }
    expect(node.questions).toHaveLength(65)
    await check.refusalOf(wanted(601))
    expect(node.questions).toHaveLength(65)
    await check.refusalOf(wanted(600))
    expect(node.questions).toHaveLength(66)
  })
})

describe('a node that does not tell its head', () => {
  test('is waited for 300 ms, once for a level', async () => {
    const node = new HandHead()
    const { check, clock } = headCheck(node)
    const first = [code(check.refusalOf(wanted(100))), code(check.refusalOf(wanted(100, 1)))]
    clock.advance(HEAD_TIMEOUT_MS - 1)
    await settled()
    expect(node.questions[0]?.signal.aborted).toBe(false)
    clock.advance(1)
    expect(await Promise.all(first)).toEqual(['head-unknown', 'head-unknown'])
    expect(node.questions[0]?.signal.aborted).toBe(true)
    // The clock stands still: what is answered now was not waited for.
    expect(await code(check.refusalOf(wanted(100, 2)))).toBe('head-unknown')
    expect(await code(check.refusalOf(wanted(100, 3)))).toBe('head-unknown')
    expect(node.questions).toHaveLength(2)
    clock.advance(HEAD_TIMEOUT_MS)
    await settled()
    expect(clock.timers).toBe(0)
  })

  test('is named with its reason, and how to go on', async () => {
    const node = new HandHead()
    node.fail('it answered with status 503')
    const { check } = headCheck(node)
    expect(await check.refusalOf(wanted(100))).toEqual({
      code: 'head-unknown',
      message: `the node of head_check does not tell the head of ${MAINNET}: it answered with status 503; mend the node, or set head_check.on_error to allow`,
    })
  })

  test('changes nothing where on_error is allow, and is told once for each change', async () => {
    const node = new HandHead()
    node.fail()
    const { check, events } = headCheck(node, { onError: 'allow' })
    for (const level of [100, 100, 101, 9999]) {
      expect(await code(check.refusalOf(wanted(level)))).toBe('allowed')
      await settled()
    }
    const lost = { event: 'head.unknown', chain: MAINNET, reason: 'it is not there', onError: 'allow' }
    expect(events).toEqual([lost])
    node.tell(100)
    for (const level of [102, 103, 104, 105]) {
      await check.refusalOf(wanted(level))
      await settled()
    }
    const known = { event: 'head.known', chain: MAINNET, head: 100 }
    expect(events).toEqual([lost, known])
    node.fail()
    await check.refusalOf(wanted(106))
    expect(events).toEqual([lost, known, lost])
  })

  test('cannot bring back a level that its head had left behind', async () => {
    const node = new HandHead(100)
    const { check } = headCheck(node, { onError: 'allow' })
    await check.refusalOf(wanted(100))
    node.fail()
    expect(await code(check.refusalOf(wanted(89)))).toBe('level-gap')
    expect(await code(check.refusalOf(wanted(103)))).toBe('allowed')
  })

  test('is not believed to stand where it stood an hour ago', async () => {
    const node = new HandHead(100)
    const { check, clock } = headCheck(node)
    await check.refusalOf(wanted(100))
    node.fail()
    clock.advance(3_600_000)
    expect(await code(check.refusalOf(wanted(100)))).toBe('head-unknown')
    expect(await code(check.refusalOf(wanted(100, 1)))).toBe('head-unknown')
  })

  test('is given up when the bridge stops, and not asked again', async () => {
    const node = new HandHead()
    const { check, clock, events } = headCheck(node)
    const asked = code(check.refusalOf(wanted(100)))
    await settled()
    check.close()
    expect(await asked).toBe('head-unknown')
    expect(node.questions[0]?.signal.aborted).toBe(true)
    expect(await code(check.refusalOf(wanted(101)))).toBe('head-unknown')
    expect(node.questions).toHaveLength(1)
    expect(clock.timers).toBe(0)
    expect(events).toEqual([])
  })
})

/** What happens to a bridge and its node, one after the other. Times in ms; a level is counted from the true head. */
type Step =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'ask'; readonly offset: number }
  | { readonly do: 'break' | 'mend' }

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 30_000 }) }),
    fc.record({ do: fc.constant('ask' as const), offset: fc.integer({ min: -15, max: 6 }) }),
    fc.record({ do: fc.constantFrom('break' as const, 'mend' as const) }),
  ),
  { maxLength: 40 },
)
/** How long each level of a chain lasts; none is shorter than chains allow. */
const pace = fc.infiniteStream(fc.integer({ min: MIN_LEVEL_MS, max: 20_000 }))

/** A chain that grows as its clock runs, from level 1000. */
class Chain {
  readonly #clock: ManualClock
  readonly #pace: Iterator<number>
  #level = 1000
  #nextAt: number

  constructor(clock: ManualClock, pace: Iterator<number>) {
    this.#clock = clock
    this.#pace = pace
    this.#nextAt = clock.now() + (pace.next().value as number)
  }

  get head(): number {
    while (this.#nextAt <= this.#clock.now()) {
      this.#level += 1
      this.#nextAt += this.#pace.next().value as number
    }
    return this.#level
  }
}

test('for no sequence of heads, failures and requests a level outside the window of the true head passes', async () => {
  let passed = 0
  let refused = 0
  await fc.assert(
    fc.asyncProperty(steps, pace, async (run, lengths) => {
      const clock = new ManualClock()
      const chain = new Chain(clock, lengths[Symbol.iterator]())
      let isBroken = false
      const head = (): Promise<HeadAnswer> =>
        Promise.resolve(
          isBroken ? { outcome: 'unknown', reason: 'broken' } : { outcome: 'head', level: chain.head },
        )
      const { check } = headCheck({ head }, { clock })
      for (const step of run) {
        if (step.do === 'wait') clock.advance(step.ms)
        else if (step.do !== 'ask') isBroken = step.do === 'break'
        else {
          const level = chain.head + step.offset
          const refusal = await check.refusalOf(wanted(level))
          if (refusal === undefined) {
            expect(step.offset).toBeGreaterThanOrEqual(-10)
            expect(step.offset).toBeLessThanOrEqual(2)
            passed += 1
          } else refused += 1
        }
        if (step.do === 'wait') await settled()
      }
    }),
    { numRuns: 300 },
  )
  expect(Math.min(passed, refused)).toBeGreaterThan(100)
})

test('what is within the window passes at its first request, whatever was asked before, while the node answers', async () => {
  await fc.assert(
    fc.asyncProperty(steps, pace, async (run, lengths) => {
      const clock = new ManualClock()
      const chain = new Chain(clock, lengths[Symbol.iterator]())
      const head = (): Promise<HeadAnswer> => Promise.resolve({ outcome: 'head', level: chain.head })
      const { check } = headCheck({ head }, { clock })
      const seen = new Set<number>()
      for (const step of run) {
        if (step.do === 'wait') clock.advance(step.ms)
        if (step.do !== 'ask') continue
        const level = chain.head + step.offset
        const refusal = await check.refusalOf(wanted(level))
        if (!seen.has(level) && step.offset >= -10 && step.offset <= 2) expect(refusal).toBeUndefined()
        seen.add(level)
      }
    }),
    { numRuns: 300 },
  )
})
