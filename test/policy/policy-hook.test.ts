import { describe, expect, test } from 'vitest'
import { PolicyHook, type HookAnswer, type HookEvent, type HookQuestion } from '../../src/policy/index.js'
import { ManualClock, TZ3 } from './fixture.js'

const KINDS = ['block', 'operation']
const question = (kind: HookQuestion['kind'] = 'operation'): HookQuestion => {
  return { key: TZ3, kind, magicByte: '0x03', payload: '03', digest: 'aa', clients: [] }
}

/** A hook that is answered by hand, in the order of its questions. */
function setUp(onError: 'allow' | 'refuse' = 'refuse') {
  const clock = new ManualClock()
  const events: HookEvent[] = []
  const asked: { readonly signal: AbortSignal; readonly answer: (answer: HookAnswer) => void }[] = []
  const hook = new PolicyHook({
    ...{ key: TZ3, timeoutMs: 1000, onError, kinds: KINDS, clock },
    ask: (_, signal) => new Promise((answer) => asked.push({ signal, answer })),
    onEvent: (event) => events.push(event),
  })
  const ask = async (options: { kind?: HookQuestion['kind']; ms?: number; signal?: AbortSignal } = {}) => {
    const patience = { deadlineAt: clock.now() + (options.ms ?? 5000), signal: options.signal }
    return (await hook.refusalOf(question(options.kind), patience))?.code ?? 'allowed'
  }
  return { clock, events, asked, hook, ask }
}

const SILENT: HookAnswer = { outcome: 'silent', code: 'bad-status', reason: 'it answered with status 500' }

describe('a hook', () => {
  test('allows or refuses, with its reason in the refusal', async () => {
    const { asked, hook, ask, clock } = setUp()
    const first = ask()
    asked[0]?.answer({ outcome: 'allowed' })
    expect(await first).toBe('allowed')
    const second = hook.refusalOf(question(), { deadlineAt: clock.now() + 9, signal: undefined })
    asked[1]?.answer({ outcome: 'refused', reason: 'not on a Sunday' })
    expect(await second).toEqual({
      code: 'hook-refused',
      message: `the hook of ${TZ3} refused it: not on a Sunday`,
    })
    expect(clock.timers).toBe(0)
  })

  test('is asked about its kinds alone', async () => {
    const { asked, ask } = setUp()
    expect(await ask({ kind: 'attestation' })).toBe('allowed')
    expect(await ask({ kind: 'michelson_data' })).toBe('allowed')
    expect(asked).toHaveLength(0)
    void ask({ kind: 'block' })
    expect(asked).toHaveLength(1)
  })

  test.each([
    ['its own time', 5000, 1000],
    ["the request's, where that is shorter", 300, 300],
  ])('has %s to answer, all of it', async (_, ms, limit) => {
    const { clock, asked, ask, events } = setUp()
    const answer = ask({ ms })
    clock.advance(limit - 1)
    expect(asked[0]?.signal.aborted).toBe(false)
    clock.advance(1)
    expect(asked[0]?.signal.aborted).toBe(true)
    expect(await answer).toBe('hook-unavailable')
    const reason = `it did not answer within ${limit} ms`
    expect(events).toMatchObject([{ event: 'hook.unavailable', code: 'timeout', reason }])
  })

  test('that answers after its time changes nothing any more', async () => {
    const { clock, asked, ask, events } = setUp()
    const answer = ask()
    clock.advance(1000)
    asked[0]?.answer({ outcome: 'allowed' })
    expect(await answer).toBe('hook-unavailable')
    expect(events).toHaveLength(1)
  })

  test('is left when the client is, and when the bridge stops', async () => {
    const { asked, hook, ask, clock, events } = setUp('allow')
    const client = new AbortController()
    const left = ask({ signal: client.signal })
    client.abort()
    expect(await left).toBe('client-gone')
    expect(asked[0]?.signal.aborted).toBe(true)
    expect(await ask({ signal: client.signal })).toBe('client-gone')
    const stopped = ask()
    hook.close()
    expect(await stopped).toBe('shutting-down')
    expect(asked[1]?.signal.aborted).toBe(true)
    expect(await ask()).toBe('shutting-down')
    expect({ asked: asked.length, timers: clock.timers, events }).toEqual({ asked: 2, timers: 0, events: [] })
  })

  test('has sixteen open questions at most; one more is refused, until one is answered', async () => {
    const { asked, ask } = setUp('allow')
    const open = Array.from({ length: 16 }, () => ask())
    expect(await ask()).toBe('queue-full')
    expect(asked).toHaveLength(16)
    asked[3]?.answer({ outcome: 'allowed' })
    expect(await open[3]).toBe('allowed')
    void ask()
    expect(asked).toHaveLength(17)
  })
})

describe('a hook that gives no answer', () => {
  test.each([
    ['refuse', 'hook-unavailable'],
    ['allow', 'allowed'],
  ] as const)('with on_error: %s', async (onError, expected) => {
    const { asked, ask, events } = setUp(onError)
    const answer = ask()
    asked[0]?.answer(SILENT)
    expect(await answer).toBe(expected)
    const { code, reason } = SILENT
    expect(events).toEqual([{ event: 'hook.unavailable', key: TZ3, code, reason, onError }])
  })

  test('tells each time that it did not, and once that it does again', async () => {
    const { asked, ask, events } = setUp()
    const answers: readonly HookAnswer[] = [
      SILENT,
      SILENT,
      { outcome: 'refused', reason: 'x' },
      { outcome: 'allowed' },
    ]
    for (const [index, answer] of answers.entries()) {
      const asking = ask()
      asked[index]?.answer(answer)
      await asking
    }
    expect(events.map(({ event }) => event)).toEqual([
      'hook.unavailable',
      'hook.unavailable',
      'hook.answered',
    ])
  })
})
