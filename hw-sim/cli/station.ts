import type { ControlledDevice } from '../control/controlled-device.js'
import { FaultRack } from '../faults/index.js'
import type { DeviceKeys } from '../device-keys.js'
import { playScenario } from '../scenario/index.js'
import { createSimulatedTezio, type SimulatedTezio } from '../simulated-tezio.js'
import { traceDump, traceHeader, traceLine } from '../trace.js'
import { watchTraffic } from '../trace-traffic.js'
import { writeTranscript } from '../transcript-file.js'
import { recordTranscript, transcriptHead } from '../transcript-recorder.js'
import { openPseudoTerminal, type PseudoTerminal } from '../transport/pseudo-terminal.js'
import { openTcpPort, type TcpPort } from '../transport/tcp-port.js'
import type { LoadedPlan } from './load-plan.js'
import { loadProvisioningSketch, type ProvisioningSketch } from './provisioning.js'

/** What a station tells, and how much. */
export type StationHooks = {
  readonly warn: (line: string) => void
  /** Put before trace lines; empty when there is one device. */
  readonly label: string
  readonly trace: boolean
  readonly hex: boolean
  readonly provision: boolean
  /** Called when a provisioned device took the console's place. */
  readonly onProvisioned: (station: Station) => void
  /** Called when the simulation cannot go on. */
  readonly onFailure: (error: unknown) => void
}

/** One simulated device, plugged in, with everything that was asked for around it. */
export type Station = ControlledDevice & {
  readonly plan: LoadedPlan
  /** Unplugs for good and completes the recording. */
  readonly close: () => Promise<void>
}

/** Opens the port of a device and plugs it in. Rejects with what cannot be opened, and leaves nothing behind then. */
export async function openStation(loaded: LoadedPlan, hooks: StationHooks): Promise<Station> {
  const station = new PluggedStation(loaded, hooks)
  await station.open()
  return station
}

class PluggedStation implements Station {
  readonly plan: LoadedPlan
  readonly name: string
  readonly latency: string
  readonly #hooks: StationHooks
  readonly #device: SimulatedTezio
  /** What is to be ended when the port is closed, in order. */
  readonly #ends: (() => void)[] = []
  #plugged: PseudoTerminal | TcpPort | undefined
  #sketch: ProvisioningSketch | undefined
  running: ControlledDevice['running']

  constructor(loaded: LoadedPlan, hooks: StationHooks) {
    const { profile, latency } = loaded.plan
    this.plan = loaded
    this.name = loaded.plan.name
    this.latency = latency
    this.#hooks = hooks
    const { keys, ethPolicy } = loaded
    this.#device = createSimulatedTezio({
      ...{ keys, profile, latency: loaded.latency },
      ...(ethPolicy === undefined ? {} : { ethPolicy }),
    })
  }

  /** The port with the power that comes through it, which a provisioning sketch needs to be told of. */
  readonly port: ControlledDevice['port'] = portOf(this)

  get plugged(): PseudoTerminal | TcpPort {
    if (this.#plugged === undefined) throw new Error('the port is not open')
    return this.#plugged
  }

  get address(): string {
    const { plugged } = this
    return 'path' in plugged ? plugged.path : `tcp ${plugged.address}`
  }

  async open(): Promise<void> {
    const { link, tcp } = this.plan.plan
    const device = this.#device
    this.#plugged =
      tcp === undefined
        ? openPseudoTerminal({ device, ...(link === undefined ? {} : { link }) })
        : await openTcpPort({ device, ...tcp, anyHost: true }) // the arguments were checked
    try {
      if (this.#hooks.provision) this.#provision()
      else this.#start()
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /** Power on or off for what is on the device beside its firmware. */
  power(isOn: boolean): void {
    if (isOn) this.#sketch?.start()
    else this.#sketch?.stop()
  }

  readonly reboot = (): void => {
    this.power(false)
    this.#device.reboot()
    if (this.plugged.isPlugged) this.power(true)
  }

  readonly close = async (): Promise<void> => {
    this.power(false)
    await this.#plugged?.close()
    for (const end of this.#ends.splice(0)) end()
  }

  #provision(): void {
    this.#sketch = loadProvisioningSketch(this.#device, (keys) => {
      try {
        this.#finishProvisioning(keys)
      } catch (error) {
        this.#hooks.onFailure(error)
      }
    })
    this.power(true)
  }

  /** The board after provisioning: unplugged, other firmware on it, plugged in again with its new keys. */
  #finishProvisioning(keys: DeviceKeys): void {
    this.plugged.unplug()
    this.#sketch?.remove()
    this.#sketch = undefined
    this.#device.swapKeys(keys)
    this.plugged.replug()
    this.#start()
    this.#hooks.onProvisioned(this)
  }

  #start(): void {
    const target = { device: this.#device, port: this.plugged }
    const rack = new FaultRack(target)
    if (this.#hooks.trace) this.#trace()
    if (this.plan.plan.record !== undefined) this.#record(this.plan.plan.record)
    if (this.plan.scenario !== undefined) {
      const played = playScenario(this.plan.scenario, target, rack)
      this.#ends.unshift(() => {
        played.stop()
      })
    }
    this.#ends.unshift(() => {
      rack.disarmAll()
    })
    this.running = { device: this.#device, rack }
  }

  #trace(): void {
    const { warn, label, hex } = this.#hooks
    const prefix = label === '' ? '' : `${label} `
    warn(traceHeader(label))
    const end = watchTraffic(this.#device, (traffic) => {
      warn(`${prefix}${traceLine(traffic)}`)
      if (hex) for (const line of traceDump(traffic)) warn(`${prefix}${line}`)
    })
    this.#ends.push(end)
  }

  #record(file: string): void {
    const writer = writeTranscript(file, transcriptHead(this.#device, this.plan.secrets))
    const end = recordTranscript(this.#device, (recorded) => {
      try {
        writer.write(recorded)
      } catch (error) {
        this.#hooks.onFailure(error)
      }
    })
    this.#ends.push(() => {
      end()
      writer.close()
    })
  }
}

/** A station's port as the control interface pulls it. */
function portOf(station: PluggedStation): ControlledDevice['port'] {
  return {
    get isPlugged() {
      return station.plugged.isPlugged
    },
    unplug: () => {
      station.power(false)
      station.plugged.unplug()
    },
    replug: (options) => {
      station.plugged.replug(options)
      station.power(true)
    },
  }
}
