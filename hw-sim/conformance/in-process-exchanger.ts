import type { ManualClock } from '../clock.js'
import type { SimulatedTezio } from '../simulated-tezio.js'
import { concatBytes } from '../../src/tezos/index.js'
import { LinkLostError, type Exchanger } from './exchanger.js'

/** How far time is moved at once while waiting, in ms: the precision of what the kit measures in process. */
const STEP_MS = 1

/**
 * A cable to a simulated device in this process, whose clock must be `clock`: waiting moves that clock, so a whole run
 * takes no longer than its arithmetic. Throws when another cable is in the device.
 */
export function connectInProcess(device: SimulatedTezio, clock: ManualClock): Exchanger {
  let received: Uint8Array = new Uint8Array()
  let isPlugged = true
  const disconnect = device.connect({
    send: (bytes) => {
      received = concatBytes(received, bytes)
    },
    unplug: () => {
      isPlugged = false
      disconnect()
    },
  })
  const checkPlug = () => {
    if (!isPlugged) throw new LinkLostError('the simulated device was unplugged')
  }
  const take = (): Uint8Array => {
    const bytes = received
    received = new Uint8Array()
    return bytes
  }
  return {
    now: () => clock.now(),
    write: async (bytes) => {
      await Promise.resolve()
      checkPlug()
      device.receive(bytes)
    },
    read: async (waitMs) => {
      await Promise.resolve()
      const untilMs = clock.now() + waitMs
      while (received.length === 0 && isPlugged && clock.now() < untilMs) clock.advance(STEP_MS)
      if (received.length === 0) checkPlug()
      return take()
    },
  }
}
