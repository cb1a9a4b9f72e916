import { describe, expect, it } from 'vitest'
import { connectInProcess, createSimulatedTezio, judgeDevice, ManualClock } from '../../hw-sim/index.js'
import { TEST_KEYS } from './bench.js'
import { MUTANTS, type Mutant } from './conformance-mutants.js'

async function judge(mutant: Mutant) {
  const clock = new ManualClock()
  const { policy } = mutant
  const device = createSimulatedTezio({ keys: TEST_KEYS, clock, ...(policy && { policy }) })
  const cable = mutant.plant(device, connectInProcess(device, clock))
  return judgeDevice(cable, { samples: 2, destructive: mutant.isDestructive ?? false })
}

describe('the conformance kit', () => {
  it('is tried with at least twenty defects, each by another name', () => {
    expect(MUTANTS.length).toBeGreaterThanOrEqual(20)
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length)
  })

  it.each(MUTANTS)('finds $name by $caughtBy', async (mutant) => {
    const report = await judge(mutant)
    const failed = report.checks.filter(({ verdict }) => verdict === 'failed').map(({ id }) => id)
    expect(failed).toContain(mutant.caughtBy)
    expect(report.conforming).toBe(false)
  })
})
