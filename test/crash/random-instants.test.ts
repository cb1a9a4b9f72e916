import { describe, expect, it } from 'vitest'
import { emptyTally, runCrashes } from './random-run.js'

/** A seed to repeat; without one, each run draws its own. */
const GIVEN = process.env['CRASH_SEED']

function seeds(count: number): readonly number[] {
  if (GIVEN !== undefined) return [Number(GIVEN)]
  return Array.from({ length: count }, () => Math.floor(Math.random() * 2 ** 32))
}

describe('F1 F2 a daemon that is killed at a random instant of a signature', () => {
  it('signs no second payload afterwards, and answers what it must', async () => {
    const tally = emptyTally()
    for (const seed of seeds(3)) await runCrashes(tally, seed, 34)
    // instants that are all too early or too late would prove nothing
    expect(tally.nothing).toBeGreaterThan(0)
    expect(tally.marked + tally.sent + tally.stored).toBeGreaterThan(0)
  }, 300_000)

  it('does the same while a board as slow as a real one is signing', async () => {
    const tally = emptyTally()
    for (const seed of seeds(1)) await runCrashes(tally, seed, 14, 'board')
    expect(tally.sent).toBeGreaterThan(0)
  }, 120_000)
})
