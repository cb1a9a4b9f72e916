import type { FaultRack, PluggablePort } from '../faults/index.js'
import type { SimulatedTezio } from '../simulated-tezio.js'

/** One simulated device as the control interface sees it. */
export type ControlledDevice = {
  /** What it is called in requests: unique in its process, letters, digits, `-` and `_`. */
  readonly name: string
  /** Where clients find it, as the `ready` line says it. */
  readonly address: string
  /** The latency model's name, or the file it came from. */
  readonly latency: string
  readonly port: PluggablePort & { readonly isPlugged: boolean }
  /** `undefined` while a provisioning console is there instead. */
  readonly running: { readonly device: SimulatedTezio; readonly rack: FaultRack } | undefined
  /** A power cycle without pulling the plug. */
  readonly reboot: () => void
}
