import fc from 'fast-check'
import { expect, test } from 'vitest'
import { end, restart } from './commands.js'
import { COMMANDS } from './draws.js'
import { Model } from './model.js'
import { World } from './world.js'

/** Histories that are tried; `MODEL_RUNS` asks for more of them. */
const RUNS = Number(process.env['MODEL_RUNS'] ?? 200)
/** What every history ends with: the marks are there after a power cut too. */
const END = [end('power-cut', 'loses power'), restart(undefined)]
/** Commands of one history, at most. */
const LENGTH = 40

test(
  'F1 F2 F5 F10 F11 F16 F24 whatever happens in whatever order, no second payload is ever signed for a place',
  { timeout: 60_000 + RUNS * 1000 },
  async () => {
    let released = 0
    await fc.assert(
      fc.asyncProperty(fc.commands([...COMMANDS], { maxCommands: LENGTH, size: 'max' }), async (commands) => {
        const world = new World()
        const model = new Model()
        try {
          await world.start()
          model.observeStart(world)
          await fc.asyncModelRun(() => ({ model, real: world }), [...commands, ...END])
          released += world.history.released
        } finally {
          await world.destroy()
        }
      }),
      { numRuns: RUNS },
    )
    expect(released).toBeGreaterThan(RUNS)
  },
)
