import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { attestation, octezBody, operation } from '../../server/fixture.js'
import type { LogLine } from '../daemon.js'
import { authenticated, KEY, LOCKED_CONFIG } from './authentications.js'
import { START_MS, Target } from './target.js'

const JSON_TYPE = { 'content-type': 'application/json' }
const payload = operation()

let target: Target
beforeAll(async () => {
  target = await Target.start(LOCKED_CONFIG)
}, START_MS)
afterAll(() => target.close())
afterEach(() => target.signsHonestly(authenticated))

describe('F40 a thousand refused requests', () => {
  const CODES = ['authentication-missing', 'authentication-invalid'] as const
  const queries = { 'authentication-missing': '', 'authentication-invalid': '?authentication=p2sigJunk' }
  /** How many of the lines tell of a decision with this code, or were left out and counted. */
  const told = (lines: readonly LogLine[], code: string) =>
    lines
      .filter((line) => line['code'] === code)
      .reduce((sum, { event, count }) => sum + (event === 'log.lines-left-out' ? Number(count) : 1), 0)
  const written = (from: number, what: string) =>
    target.daemon.lines.slice(from).filter((line) => line['outcome'] === what)

  it('make few log lines and a true count, and hide nothing of what is signed meanwhile', async () => {
    const from = target.daemon.lines.length
    const startedAt = performance.now()
    for (let batch = 0; batch < 20; batch += 1) {
      const asked = Array.from({ length: 50 }, async (_, index) => {
        const url = `${target.url}/keys/${KEY}${queries[CODES[index % 2]!]}`
        const response = await fetch(url, { method: 'POST', headers: JSON_TYPE, body: octezBody(payload) })
        expect(response.status).toBe(401)
        await response.text()
      })
      await Promise.all(asked)
      await target.signsHonestly(authenticated) // not among them: the board shares this process, and would be late
    }
    await target.daemon.until((lines) => CODES.every((code) => told(lines.slice(from), code) >= 500))
    await target.daemon.until(() => written(from, 'signed').length >= 20) // an answer may overtake its line
    const seconds = (performance.now() - startedAt) / 1000
    expect(CODES.map((code) => told(target.daemon.lines.slice(from), code))).toEqual([500, 500])
    expect(written(from, 'refused').length).toBeLessThanOrEqual(CODES.length * 10 * Math.ceil(seconds))
    expect(written(from, 'signed')).toHaveLength(20)
  })

  it('leave out no line about a request that got as far as the marks', async () => {
    const from = target.daemon.lines.length
    const level = 1_000
    const sign = async (seed: number) => {
      const asked = attestation({ level, seed })
      const url = `${target.url}/keys/${KEY}?${authenticated(asked)}`
      const response = await fetch(url, { method: 'POST', headers: JSON_TYPE, body: octezBody(asked) })
      await response.text()
      return response.status
    }
    target.honestLevel = level
    expect(await sign(0)).toBe(200)
    const statuses = await Promise.all(Array.from({ length: 100 }, (_, index) => sign(index + 1)))
    expect(new Set(statuses)).toEqual(new Set([409]))
    await target.daemon.until(() => written(from, 'refused').length >= 100)
    expect(written(from, 'refused').map(({ code }) => code)).toEqual(
      statuses.map(() => 'conflicts-with-mark'),
    )
  })
})
