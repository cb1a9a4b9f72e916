import type { Received } from '../behaviour.js'
import type { Trigger } from '../faults/index.js'
import { hasWatermark, readLevelRound } from '../firmware/watermarks.js'
import type { StepTrigger } from './scenario.js'
import { seededNumbers } from './seeded-chance.js'

/** The trigger of a step, which counts from now on; `startMs` is the scenario's start by the device's clock. */
export function watchTrigger(step: StepTrigger, startMs: number): Trigger {
  const { nth, chance, seed = 0 } = step
  const next = seededNumbers(seed)
  let matches = 0
  return ({ received }) => {
    if (!matchesFields(step, received) || !isInTime(step, received.atMs - startMs)) return false
    if (chance !== undefined && next() >= chance) return false
    matches += 1
    return nth === undefined || matches === nth
  }
}

function matchesFields({ command, magic, level }: StepTrigger, { name, command: fields }: Received): boolean {
  if (command !== undefined && command !== name) return false
  if (magic !== undefined && fields?.data?.[0] !== magic) return false
  if (level === undefined) return true
  const asked = levelOf(fields?.data)
  if (asked === undefined) return false
  return level.relation === '=' ? asked === level.level : asked >= level.level
}

function isInTime({ from_ms = 0, until_ms = Infinity }: StepTrigger, sinceMs: number): boolean {
  return sinceMs >= from_ms && sinceMs < until_ms
}

function levelOf(data: Uint8Array | undefined): number | undefined {
  return data !== undefined && hasWatermark(data[0] ?? 0) ? readLevelRound(data).level : undefined
}
