import { describe, expect, it } from 'vitest'
import { bake } from './baker.js'
import { faultsOf, summary } from './baking-report.js'
import { freshSeed, SOAK } from './soak-options.js'

describe.runIf(process.platform === 'linux')('a short life of a baker', () => {
  it('F45 doubles nothing and misses nothing but in outages, through unplugs, repeats and conflicts', async () => {
    const seed = SOAK.seed ?? freshSeed()
    const report = await bake({ seed, levels: 300, levelMs: 0, unplugEvery: 75 })
    expect(faultsOf(report), `SOAK_SEED=${seed}\n${summary(report)}`).toEqual([])
    expect(report).toMatchObject({ levels: 300, outages: 4 })
    expect(report.signed).toBeGreaterThan(600)
    expect(report.repeated).toBeGreaterThan(30)
    expect(report.conflicts).toBeGreaterThan(60)
    expect(report.places).toBeGreaterThan(800)
  }, 120_000)
})
