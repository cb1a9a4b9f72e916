import { publicKeyHash } from '../../src/tezos/index.js'
import { KEY_NAMES } from '../device-key.js'
import type { SimulatedTezio } from '../simulated-tezio.js'
import { describeCommand, describeOutcome } from '../trace.js'
import type { ControlledDevice } from './controlled-device.js'

/** What the control interface says of itself wherever a person may look. */
export const SIMULATED_NOTICE =
  'SIMULATED Tezio HSM: no device stands behind this, and it protects no secrets'

/** A device's state, ready for JSON; a device that is being provisioned has no keys and counters yet. */
export function statusOf(controlled: ControlledDevice) {
  const { name, address, latency, port, running } = controlled
  const where = { name, address, isPlugged: port.isPlugged }
  if (running === undefined) return { ...where, state: 'being-provisioned' as const }
  const { device, rack } = running
  const keys = KEY_NAMES.map((key) => [key, publicKeyHash(device.keys[key].publicKey)])
  return {
    ...where,
    state: device.isBusy ? ('busy' as const) : ('idle' as const),
    profile: device.profile.name,
    latency,
    keys: Object.fromEntries(keys) as Record<string, string>,
    armedFaults: rack.list().length,
    exchanges: device.counters.exchanges,
    boots: device.counters.boots,
  }
}

/** The last exchanges, oldest first, decoded; payloads and signatures are not in it. */
export function logOf(device: SimulatedTezio, count: number) {
  return device.log.slice(-count).map((exchange) => ({
    number: exchange.number,
    atMs: exchange.atMs,
    command: describeCommand(exchange),
    answer: describeOutcome(exchange),
  }))
}
