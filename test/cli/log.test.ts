import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createLog, readableLines, type LogEvent, type LogLevel } from '../../src/cli/log.js'
import { BURST, WINDOW_MS } from '../../src/cli/throttle.js'
import { StandingClock } from '../device/support.js'

type Line = { readonly event: string } & Readonly<Record<string, unknown>>

/** A log into memory, under a clock that stands still. */
function memoryLog(level: 'debug' | 'info' = 'info') {
  const clock = new StandingClock()
  const lines: Line[] = []
  const log = createLog(level, clock, { write: (text) => lines.push(JSON.parse(text) as Line) })
  const flood = (count: number, lineLevel: LogLevel, event: LogEvent) => {
    for (let number = 0; number < count; number += 1) log.write(lineLevel, { ...event, number })
  }
  return { clock, lines, flood }
}

const refusal = { event: 'signature.decided', code: 'authentication-missing', admitted: false }

describe('a flood of refusals', () => {
  it('F40 is cut short, and the number left out is told at the end of its second, without another line', () => {
    const { clock, lines, flood } = memoryLog()
    flood(1000, 'warn', refusal)
    expect(lines.map(({ number }) => number)).toEqual(Array.from({ length: BURST }, (_, index) => index))
    clock.advance(WINDOW_MS - 1)
    expect(lines).toHaveLength(BURST)
    clock.advance(1)
    expect(lines.slice(BURST)).toMatchObject([
      { severity: 'warn', event: 'log.lines-left-out', of: refusal.event, code: refusal.code, count: 990 },
    ])
    clock.advance(10 * WINDOW_MS)
    expect(lines).toHaveLength(BURST + 1)
  })

  it('F40 that goes on is told every second: what is written and what was left out add up to all of it', () => {
    const { clock, lines, flood } = memoryLog()
    for (let ms = 0; ms < 5 * WINDOW_MS; ms += 1) {
      flood(1, 'warn', refusal)
      clock.advance(1)
    }
    const leftOut = lines.filter(({ event }) => event === 'log.lines-left-out')
    expect(leftOut).toHaveLength(5)
    expect(lines).toHaveLength(5 * (BURST + 1))
    const counted = leftOut.reduce((sum, { count }) => sum + Number(count), 0)
    expect(counted + 5 * BURST).toBe(5 * WINDOW_MS)
  })

  it('F40 hides no line of another code or another event', () => {
    const { lines, flood } = memoryLog()
    flood(1000, 'warn', refusal)
    flood(1, 'warn', { ...refusal, code: 'chain-not-allowed' })
    flood(1, 'warn', { event: 'device.lost' })
    expect(lines.slice(BURST)).toMatchObject([{ code: 'chain-not-allowed' }, { event: 'device.lost' }])
  })
})

describe('a line that is always written', () => {
  it.each(['info', 'warn', 'error'] as const)(
    'F40 is one about a request that got as far as the marks, however many there are (%s)',
    (level) => {
      const { clock, lines, flood } = memoryLog()
      flood(1000, 'warn', refusal) // the same event, cut short: its window is no window of the others
      flood(1000, level, { event: 'signature.decided', code: 'authentication-missing', admitted: true })
      expect(lines.filter(({ admitted }) => admitted === true)).toHaveLength(1000)
      clock.advance(WINDOW_MS)
      expect(lines.at(-1)).toMatchObject({ event: 'log.lines-left-out', count: 990 })
    },
  )

  it('is every line of information', () => {
    const { clock, lines, flood } = memoryLog()
    flood(100, 'info', { event: 'device.ready' })
    clock.advance(WINDOW_MS)
    expect(lines).toHaveLength(100)
  })
})

describe('a few lines', () => {
  it('as many as a window takes are all written, again in the next, and nothing is said of it', () => {
    const { clock, lines, flood } = memoryLog()
    for (let second = 0; second < 3; second += 1) {
      flood(BURST, 'error', { event: 'request.failed' })
      clock.advance(WINDOW_MS)
    }
    expect(lines.map(({ event }) => event)).toEqual(Array.from({ length: 3 * BURST }, () => 'request.failed'))
  })

  it('of debugging are not counted where they are not asked for', () => {
    const { clock, lines, flood } = memoryLog('info')
    flood(100, 'debug', { event: 'device.command-finished' })
    clock.advance(WINDOW_MS)
    expect(lines).toEqual([])
    const asked = memoryLog('debug')
    asked.flood(100, 'debug', { event: 'device.command-finished' })
    asked.clock.advance(WINDOW_MS)
    expect(asked.lines).toHaveLength(BURST + 1)
  })
})

it('a line keeps its own severity beside the level of a block', () => {
  const texts: string[] = []
  const log = createLog('info', new StandingClock(), { write: (text) => texts.push(text) })
  log.write('warn', { event: 'signature.decided', level: 9_000_000 })
  expect(texts).toHaveLength(1)
  expect(JSON.parse(texts[0] ?? '')).toMatchObject({ severity: 'warn', level: 9_000_000 })
  expect(texts[0]?.match(/"level"/g)).toHaveLength(1)
})

describe('on a terminal', () => {
  async function shown(hasColours: boolean): Promise<string> {
    const terminal = new PassThrough({ encoding: 'utf8' })
    const log = createLog('info', new StandingClock(), await readableLines(terminal, hasColours))
    log.write('warn', { event: 'signature.decided', code: 'level-gap', level: 7, reason: 'too far "above"' })
    log.write('debug', { event: 'device.command-finished' })
    return terminal.read() as string
  }

  it('a line is read by a person: time, severity, event, and what belongs to it', async () => {
    expect(await shown(false)).toMatch(
      /^\[\d\d:\d\d:\d\d\.\d{3}\] WARN: signature\.decided code=level-gap level=7 reason="too far \\"above\\""\n$/,
    )
  })

  it('colours are for terminals that show them', async () => {
    expect(await shown(true)).toContain('\u001b[')
    expect(await shown(false)).not.toContain('\u001b[')
  })
})
