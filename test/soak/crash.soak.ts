import { expect, it } from 'vitest'
import { emptyTally, runCrashes } from '../crash/random-run.js'
import { freshSeed, SOAK } from './soak-options.js'

/** Crashes on one state directory; then comes another, and another seed. */
const CRASHES = 40
/** Every third run has a board as slow as a real one. */
const SLOW_EVERY = 3

it('signs no second payload, however often it is killed', async () => {
  const tally = emptyTally()
  const startedAt = performance.now()
  let runs = 0
  do {
    runs += 1
    const latency = runs % SLOW_EVERY === 0 ? 'board' : 'zero'
    await runCrashes(tally, SOAK.seed ?? freshSeed(), CRASHES, latency)
    console.log(`${runs * CRASHES} crashes: ${JSON.stringify(tally)}`)
  } while (performance.now() - startedAt < SOAK.minutes * 60_000)
  expect(Object.values(tally).reduce((sum, part) => sum + part, 0)).toBe(runs * CRASHES)
})
