import { expect, it } from 'vitest'
import { race } from '../high-availability/race.js'
import { raceSummary } from '../high-availability/race-report.js'
import { freshSeed, SOAK } from './soak-options.js'

it('races two hosts on one database through whatever breaks: none doubled, none missed', async () => {
  const seed = SOAK.seed ?? freshSeed()
  console.log(`seed ${seed}, ${SOAK.levels} levels or ${SOAK.minutes} minutes`)
  const report = await race({
    seed,
    levels: SOAK.levels,
    odds: { daemon: 150, board: 80, sessions: 40, database: 400 },
    endAt: performance.now() + SOAK.minutes * 60_000,
    onProgress: (soFar) => {
      console.log(`${raceSummary(soFar)}\n`)
    },
  })
  console.log(raceSummary(report))
  expect(report.faults).toEqual([])
})
