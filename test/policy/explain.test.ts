import { describe, expect, test } from 'vitest'
import { denialRefusal, failureRefusal, turnRefusal } from '../../src/policy/explain.js'
import type { Denial, Mark, Verdict } from '../../src/policy/index.js'
import { digestOf } from './fixture.js'

const MARK: Mark = { level: 4321, round: 7, digest: digestOf(1), signature: undefined }

const REPEAT: Verdict = { verdict: 'repeat', signature: undefined }
const ADVANCE: Verdict = { verdict: 'advance', from: MARK, to: { ...MARK, level: 4322 } }

describe('a denial in words', () => {
  test.each<[Denial, RegExp]>([
    ['no-mark', /no high-water mark.*tezio-bridge marks seed$/],
    ['below-mark', /below.*\(level 4321, round 7\)$/],
    ['conflicts-with-mark', /another payload.*\(level 4321, round 7\)$/],
    ['level-gap', /too far above.*\(level 4321, round 7\).*tezio-bridge marks raise$/],
  ])('of %s says what stands in the way, and the remedy where there is one', (denial, words) => {
    const refusal = denialRefusal({ verdict: 'deny', denial, mark: denial === 'no-mark' ? undefined : MARK })
    expect(refusal).toEqual({ code: denial, message: expect.stringMatching(words) as string })
  })
})

test('a turn that never came says why, each in its own words, and that nothing was signed', () => {
  const codes = ['queue-full', 'deadline-passed', 'client-gone', 'shutting-down'] as const
  const words = [/too many/, /busy for longer/, /client left/, /shutting down/]
  for (const [index, code] of codes.entries()) {
    const refusal = turnRefusal(code)
    expect(refusal.code).toBe(code)
    expect(refusal.message).toMatch(words[index] ?? 'none')
    expect(refusal.message).toMatch(/; nothing was signed$/)
  }
})

describe('a failure of the device in words', () => {
  const failure = { outcome: 'failed', code: 'device-timeout', message: 'no reply', sent: true } as const

  test('says that nothing was sent only when that is true', () => {
    expect(failureRefusal(failure, ADVANCE)).toEqual({ code: 'device-timeout', message: 'no reply' })
    expect(failureRefusal({ ...failure, sent: false }, ADVANCE).message).toBe(
      'no reply; nothing was sent to it',
    )
  })

  test('F2 is a lost signature only for a watermark refusal of what was let through before', () => {
    const watermark = { ...failure, code: 'device-watermark' } as const
    expect(failureRefusal(watermark, REPEAT)).toEqual({
      code: 'signature-lost',
      message: expect.stringMatching(/after the board restarted/) as string,
    })
    expect(failureRefusal(watermark, ADVANCE).code).toBe('device-watermark')
    expect(failureRefusal(watermark, undefined).code).toBe('device-watermark')
    expect(failureRefusal(failure, REPEAT).code).toBe('device-timeout')
  })
})
