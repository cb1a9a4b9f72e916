import { describe, expect, test } from 'vitest'
import type { MarkRecord, Refusal } from '../../src/policy/index.js'
import { GHOSTNET, MAINNET, TZ1, TZ3, wanted } from './fixture.js'
import { HandHead, headCheck, markAt, settled } from './head-fixture.js'

const code = async (refusal: Promise<Refusal | undefined>) => (await refusal)?.code ?? 'allowed'

/** A bridge that started with `marks`, and a node. */
function started(marks: readonly MarkRecord[], head?: number, onError: 'allow' | 'refuse' = 'refuse') {
  const node = new HandHead(head)
  return { node, ...headCheck(node, { marks: () => marks, onError }) }
}

describe('F8 a mark that stands too far below the first head', () => {
  test('signs nothing up to the window above that head, and from there on signs', async () => {
    const { check, node } = started([markAt(100)], 160)
    for (const level of [101, 149, 150, 155, 160, 161, 162]) {
      expect(await code(check.refusalOf(wanted(level)))).toBe('level-gap')
    }
    node.tell(162)
    expect(await code(check.refusalOf(wanted(162)))).toBe('level-gap')
    expect(await code(check.refusalOf(wanted(163)))).toBe('allowed')
  })

  test('is told in words: how far behind, from which level on, and how to lift it', async () => {
    const { check, events } = started([markAt(100)], 160)
    expect(await check.refusalOf(wanted(155))).toEqual({
      code: 'level-gap',
      message:
        "at the start the high-water mark (level 100) stood 60 levels below the node's head 160, more than 10 (head_check.max_behind), as if the state were an older backup; it signs again from level 163 on, or from a mark that you know to be right: tezio-bridge marks raise",
    })
    await check.refusalOf(wanted(156))
    const mark = { chain: MAINNET, key: TZ1, kind: 'attestation', markLevel: 100 }
    expect(events).toEqual([
      { event: 'head.known', chain: MAINNET, head: 160 },
      { event: 'mark.suspected', ...mark, head: 160, signsFrom: 163 },
    ])
  })

  test.each([
    [149, 'level-gap'],
    [150, 'allowed'],
    [160, 'allowed'],
    [200, 'allowed'],
  ])(
    'is one that is more than max_behind below: at %i and the head 160 level 161 is %s',
    async (level, expected) => {
      const { check } = started([markAt(level)], 160)
      expect(await code(check.refusalOf(wanted(161)))).toBe(expected)
    },
  )

  test('is judged alone: other kinds, keys and chains go on', async () => {
    const marks = [
      markAt(100),
      markAt(155, { kind: 'block' }),
      markAt(155, { key: TZ3 }),
      markAt(155, { chain: GHOSTNET }),
    ]
    const { check } = started(marks, 160)
    expect(await code(check.refusalOf(wanted(161)))).toBe('level-gap')
    for (const rest of [{ kind: 'block' }, { key: TZ3 }, { chain: GHOSTNET }] as const) {
      expect(await code(check.refusalOf(wanted(161, 0, 1, rest)))).toBe('allowed')
    }
  })

  test('is judged by the head of its own chain', async () => {
    const { check, node } = started([markAt(155), markAt(5, { chain: GHOSTNET })], 160)
    expect(await code(check.refusalOf(wanted(161)))).toBe('allowed')
    node.tell(7)
    expect(await code(check.refusalOf(wanted(8, 0, 1, { chain: GHOSTNET })))).toBe('allowed')
  })

  test('is lifted by a raise by hand, whatever other marks there are', async () => {
    const others = [markAt(155, { kind: 'block' }), markAt(100, { key: TZ3 })]
    const { check, state } = started([markAt(100), ...others], 160)
    expect(await code(check.refusalOf(wanted(161)))).toBe('level-gap')
    state.marks = [markAt(160, { digest: undefined }), ...others]
    expect(await code(check.refusalOf(wanted(161)))).toBe('allowed')
    expect(await code(check.refusalOf(wanted(161, 0, 1, { key: TZ3 })))).toBe('level-gap')
  })

  test('stays suspect when it moved while the node was silent', async () => {
    const { check, node, state } = started([markAt(100)], undefined, 'allow')
    node.fail()
    expect(await code(check.refusalOf(wanted(101)))).toBe('allowed')
    state.marks = [markAt(101)]
    node.tell(160)
    expect(await code(check.refusalOf(wanted(102)))).toBe('level-gap')
    expect(await code(check.refusalOf(wanted(155)))).toBe('level-gap')
    expect(await code(check.refusalOf(wanted(162)))).toBe('level-gap')
  })

  test('is judged by the first head alone: a chain that grows on makes no mark suspect', async () => {
    const { check, node } = started([markAt(100), markAt(95, { kind: 'block' })], 101)
    expect(await code(check.refusalOf(wanted(101)))).toBe('allowed')
    node.tell(500)
    expect(await code(check.refusalOf(wanted(501)))).toBe('allowed')
    expect(await code(check.refusalOf(wanted(501, 0, 1, { kind: 'block' })))).toBe('allowed')
  })
})

describe('F8 an operator’s word', () => {
  const byHand = { digest: undefined } as const

  test('is a mark that was seeded or raised by hand before the start: it is not suspect', async () => {
    const { check } = started([markAt(100, byHand)], 160)
    expect(await code(check.refusalOf(wanted(161)))).toBe('allowed')
  })

  test('at the start counts also when the mark was raised elsewhere before anybody asked here', async () => {
    const { check, state } = started([markAt(100, byHand)], 160)
    state.marks = [markAt(120)]
    expect(await code(check.refusalOf(wanted(161)))).toBe('allowed')
  })

  test('lifts the suspicion of a mark, for good', async () => {
    const { check, state } = started([markAt(100)], 160)
    expect(await code(check.refusalOf(wanted(161)))).toBe('level-gap')
    state.marks = [markAt(160, byHand)]
    expect(await code(check.refusalOf(wanted(161)))).toBe('allowed')
    state.marks = [markAt(161)]
    expect(await code(check.refusalOf(wanted(162)))).toBe('allowed')
  })

  test('before the head is known counts as well, also when a request raised the mark after it', async () => {
    const { check, node, state } = started([markAt(100)], undefined, 'allow')
    node.fail()
    state.marks = [markAt(158, byHand)]
    expect(await code(check.refusalOf(wanted(159)))).toBe('allowed')
    state.marks = [markAt(159)]
    node.tell(160)
    expect(await code(check.refusalOf(wanted(160)))).toBe('allowed')
    await settled()
    expect(await code(check.refusalOf(wanted(161)))).toBe('allowed')
  })
})
