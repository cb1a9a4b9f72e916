import { KEY_FORMAT, MODE } from '../src/device/tezio/index.js'
import type { Behaviour } from './behaviour.js'
import { CURVE_OF, KEY_NAMES } from './device-key.js'
import type { Exchange } from './exchange-log.js'
import { aliasOf } from './firmware/outcome.js'

/** `zero`: answers at once. `board`: takes the time a real board takes. */
export type LatencyName = 'zero' | 'board'

/** Milliseconds a board takes, measured: P-256 is signed by the secure element, the rest by the Cortex-M0+. */
const BOARD_MS = {
  publicKey: 10,
  address: 110,
  sign: { p256: 148, secp256k1: 550, ed25519: 850 },
  verify: 120,
} as const

/** How long a command takes on a board, in ms. Refusals and the default signature need no key and take none. */
export function boardLatencyMs({ name, command, outcome }: Exchange): number {
  if (name === undefined || command === undefined || outcome.kind === 'refusal') return 0
  if (name === 'VERIFY') return BOARD_MS.verify
  if (name === 'GET_PK') {
    return command.param2 === KEY_FORMAT.address ? BOARD_MS.address : BOARD_MS.publicKey
  }
  const alias = aliasOf(command)
  const isDefault = (command.param2 ?? 0) === MODE.defaultSignature
  return alias === undefined || isDefault ? 0 : BOARD_MS.sign[CURVE_OF[KEY_NAMES[alias]]]
}

/** The behaviour that delays all that a command causes by the time the model says; it stands first in the stack. */
export function latencyBehaviour(model: LatencyName): Behaviour {
  return {
    name: `latency ${model}`,
    apply(actions, { exchange }) {
      if (model === 'zero') return actions
      const delayMs = boardLatencyMs(exchange)
      return actions.map((action) => ({ ...action, afterMs: action.afterMs + delayMs }))
    },
  }
}
