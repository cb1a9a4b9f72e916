import { FaultRack, type PluggablePort, type SimulatedTezioOptions } from '../../hw-sim/index.js'
import { encodeCommand } from '../../src/device/tezio/index.js'
import { TEST_KEYS } from './bench.js'
import { createSimulatedTezio, ManualClock } from '../../hw-sim/index.js'

/** A write as the cable saw it: when, and the bytes. */
export type Sent = readonly [atMs: number, bytes: Uint8Array]

/** A plug that is pulled and put back by hand, and tells what happened to it. */
export class Plug implements PluggablePort {
  isIn = false
  link = 'first'
  readonly happened: string[] = []
  readonly #connect: () => () => void
  readonly #onOut: () => void
  #disconnect: (() => void) | undefined

  constructor(connect: () => () => void, onOut: () => void) {
    this.#connect = connect
    this.#onOut = onOut
    this.#plugIn()
  }

  unplug(): void {
    if (!this.isIn) return
    this.isIn = false
    this.#disconnect?.()
    this.happened.push('out')
    this.#onOut()
  }

  hangUp(): void {
    this.happened.push('hang-up')
    this.unplug()
  }

  replug({ link = this.link }: { readonly link?: string } = {}): void {
    if (this.isIn) return
    this.link = link
    this.#plugIn()
    this.happened.push(`in as ${link}`)
  }

  #plugIn(): void {
    this.isIn = true
    this.#disconnect = this.#connect()
  }
}

/** A device with a rack and a plug; time stands still, and every write is kept with its moment. */
export function faultBench(options: Partial<SimulatedTezioOptions> = {}) {
  const clock = new ManualClock()
  const device = createSimulatedTezio({ keys: TEST_KEYS, clock, ...options })
  const sent: Sent[] = []
  const port = new Plug(
    () =>
      device.connect({
        send: (bytes) => sent.push([clock.now(), bytes.slice()]),
        unplug: () => {
          port.unplug()
        },
      }),
    () => {
      device.reboot()
    },
  )
  const rack = new FaultRack({ device, port })
  /** All that comes back for a command, given its body, within `ms`. */
  const ask = (body: Uint8Array, ms = 0): readonly Sent[] => {
    sent.length = 0
    const startMs = clock.now()
    device.receive(encodeCommand(body))
    clock.advance(ms)
    return sent.map(([atMs, bytes]) => [atMs - startMs, bytes])
  }
  return { device, clock, rack, port, sent, ask }
}
