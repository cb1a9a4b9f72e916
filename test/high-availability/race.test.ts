import { describe, expect, it } from 'vitest'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../debian-package.js'
import { freshSeed, SOAK } from '../soak/soak-options.js'
import { race } from './race.js'
import { raceSummary } from './race-report.js'

const LEVELS = 150
const missing = process.platform === 'linux' ? whyMissing('postgresql') : 'pseudo-terminals of Linux'

describe.skipIf(missing !== '')(`two hosts on one database${missing && `: skipped, ${missing}`}`, () => {
  it(
    'sign one payload for a place and miss none, whatever is killed, unplugged or cut off',
    async () => {
      const seed = SOAK.seed ?? freshSeed()
      console.log(`SOAK_SEED=${seed}`)
      const odds = { daemon: 40, board: 25, sessions: 15, database: 100 }
      const report = await race({ seed, levels: LEVELS, odds })
      console.log(raceSummary(report))
      expect(report.faults, `SOAK_SEED=${seed}\n${raceSummary(report)}`).toEqual([])
      expect(report).toMatchObject({ levels: LEVELS, misses: 0 })
      expect(report.contested).toBeGreaterThan(100)
      expect(report.conflicts).toBeGreaterThan(100)
    },
    INSTALL_TIMEOUT_MS,
  )
})
