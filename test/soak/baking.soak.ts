import { expect, it } from 'vitest'
import { bake } from './baker.js'
import { faultsOf, summary } from './baking-report.js'
import { freshSeed, SOAK } from './soak-options.js'

/** A level of 6 s at 100 times real speed. */
const LEVEL_MS = 60

it('F45 bakes through unplugs, repeats and conflicts: none doubled, none missed, and it keeps still', async () => {
  const seed = SOAK.seed ?? freshSeed()
  console.log(`seed ${seed}, ${SOAK.levels} levels or ${SOAK.minutes} minutes`)
  const report = await bake({
    seed,
    levels: SOAK.levels,
    levelMs: LEVEL_MS,
    unplugEvery: 100,
    endAt: performance.now() + SOAK.minutes * 60_000,
    onProgress: ({ levels, missed, outages, samples }) => {
      console.log(`${levels} levels, ${outages} outages, ${missed} missed, ${samples.at(-1)?.rssKiB} KiB`)
    },
  })
  console.log(summary(report))
  expect(faultsOf(report)).toEqual([])
})
