import type { Behaviour } from './behaviour.js'
import { boardLatencyMs, type LatencyModel, type LatencyName } from './latency-model.js'

export { parseLatencyFile, LatencyError } from './latency-file.js'
export { boardLatencyMs, type LatencyModel, type LatencyName } from './latency-model.js'

/** The models that have a name. */
const NAMED: Readonly<Record<LatencyName, LatencyModel>> = {
  zero: { name: 'zero', delayMs: () => 0 },
  board: { name: 'board', delayMs: boardLatencyMs },
}

/** The behaviour that delays all that a command causes by the time the model says; it stands first in the stack. */
export function latencyBehaviour(latency: LatencyName | LatencyModel): Behaviour {
  const model = typeof latency === 'string' ? NAMED[latency] : latency
  return {
    name: `latency ${model.name}`,
    apply(actions, { exchange, random }) {
      const delayMs = model.delayMs(exchange, random)
      if (delayMs === 0) return actions
      return actions.map((action) => ({ ...action, afterMs: action.afterMs + delayMs }))
    },
  }
}
