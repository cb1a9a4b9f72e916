import type { FaultRack, FaultTarget } from '../faults/index.js'
import type { Scenario, ScenarioStep } from './scenario.js'
import { watchTrigger } from './watch-trigger.js'

/**
 * Plays a scenario from now on: commands and milliseconds count from here. All steps are armed on the rack at once,
 * the last of the file as the newest. Throws a FaultError, and arms nothing, when the target cannot do a step.
 * `stop` disarms what is left of it.
 */
export function playScenario(scenario: Scenario, target: FaultTarget, rack: FaultRack): { stop(): void } {
  const { clock } = target.device
  const startMs = clock.now()
  const stops: (() => void)[] = []
  const stop = () => {
    for (const end of stops.splice(0)) end()
  }
  const arm = (step: ScenarioStep) => {
    const times = step.on.kind === 'moment' ? 1 : step.times
    const { id } = rack.arm(step.do, step.with, {
      ...(times === undefined ? {} : { times }),
      when: step.on.kind === 'moment' ? () => false : watchTrigger(step.on.trigger, startMs),
    })
    stops.push(() => rack.disarm(id))
    if (step.on.kind === 'moment') {
      const act = () => {
        rack.strikeNow(id)
      }
      stops.push(clock.schedule(step.on.at_ms, act))
    }
  }
  try {
    for (const step of scenario.steps) arm(step)
  } catch (error) {
    stop()
    throw error
  }
  return { stop }
}
