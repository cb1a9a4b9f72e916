import type { DeviceKeys } from '../device-keys.js'
import { createProvisioningConsole } from '../provision/index.js'
import { systemRandom } from '../random-bytes.js'
import type { SimulatedTezio } from '../simulated-tezio.js'

/** The provisioning sketch on a device's cable. */
export type ProvisioningSketch = {
  /** Power on: the dialogue begins. */
  readonly start: () => void
  /** Power off. */
  readonly stop: () => void
  /** Takes the sketch off the device for good, which speaks frames from then on. */
  readonly remove: () => void
}

/**
 * Puts the provisioning sketch on a device in place of its firmware: what is sent to the device goes to the dialogue,
 * and no frame is answered. `onKeys` is called after the dialogue's last line, when the console has returned.
 */
export function loadProvisioningSketch(
  device: SimulatedTezio,
  onKeys: (keys: DeviceKeys) => void,
): ProvisioningSketch {
  const dialogue = createProvisioningConsole({
    random: systemRandom,
    onKeys: (keys) => {
      queueMicrotask(() => {
        onKeys(keys)
      })
    },
  })
  const unmute = device.addBehaviour({ name: 'provisioning sketch', apply: () => [] })
  const unhear = device.onBytes((direction, bytes) => {
    if (direction === 'in') dialogue.receive(bytes)
  })
  let disconnect: (() => void) | undefined
  const stop = () => {
    disconnect?.()
    disconnect = undefined
  }
  return {
    start: () => {
      disconnect ??= dialogue.connect({
        send: (bytes) => {
          device.transmit(bytes)
        },
        unplug: () => undefined,
      })
    },
    stop,
    remove: () => {
      stop()
      unmute()
      unhear()
    },
  }
}
