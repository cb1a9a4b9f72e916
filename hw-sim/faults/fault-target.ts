import type { SimulatedTezio } from '../simulated-tezio.js'

/** A port whose plug can be pulled. Both calls do nothing when there is nothing to do. */
export type PluggablePort = {
  /** Pulls the plug; the device loses its power and so its marks. */
  unplug(): void
  /** Puts it back, under another name when `link` is given. */
  replug(options?: { readonly link?: string }): void
  /** Unplugs in a way that makes the client's reads return no bytes, without end; only a pseudo-terminal can. */
  hangUp?(): void
}

/** What faults are armed on: a device, and the port it is plugged into, if faults may pull its plug. */
export type FaultTarget = { readonly device: SimulatedTezio; readonly port: PluggablePort | undefined }
