import type { Behaviour, BehaviourContext, WireAction } from '../../hw-sim/index.js'
import type { Incident } from '../policy/simulated-disk.js'

/** How a machine goes on after its process ended. */
export type End = 'kill' | 'power-cut'

/** What goes wrong while requests are served. */
export type Disturbance =
  /** An operation of the disk fails; when that is the death of the process, `end` says of what. */
  | { readonly what: 'disk'; readonly incident: Incident; readonly end: End }
  /** Something happens when the board has read a SIGN, or has answered it; `turn` counts SIGN commands from 0. */
  | {
      readonly what: 'board'
      readonly moment: 'read' | 'answered'
      readonly act: End | 'unplug' | 'reboot'
      readonly turn: number
    }
  /** The reply to a SIGN is not what it should be: a fault of the simulator, by its name. */
  | { readonly what: 'reply'; readonly fault: string; readonly parameters: object; readonly turn: number }

/** A behaviour that acts once, at the SIGN command with number `turn`. */
export function atSign(
  turn: number,
  act: (actions: readonly WireAction[], context: BehaviourContext) => readonly WireAction[],
): Behaviour {
  let signs = 0
  return {
    name: 'at-sign',
    apply: (actions, context) => {
      if (context.exchange.name !== 'SIGN') return actions
      return signs++ === turn ? act(actions, context) : actions
    },
  }
}
