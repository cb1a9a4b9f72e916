import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSimulatedTezio, FaultRack } from '../../hw-sim/index.js'
import { transcriptKeys } from '../device/support.js'
import { Bench, cli, type Daemon } from '../e2e/daemon.js'
import type { Place, Question } from './transports.js'

/** One question, what must come of it, and what is done before it is asked. */
export type Case = {
  readonly name: string
  readonly question: Question
  /** `signed`, `answered`, or the code word of the refusal. */
  readonly expected: string
  readonly before?: (stage: Stage) => void | Promise<void>
}

/** A daemon that cases are asked of, in their order. */
export type Scene = {
  readonly name: string
  /** What `init` reads; by default the same. */
  readonly initConfig?: string
  readonly config: string
  readonly cases: readonly Case[]
}

/** The real daemon of a scene, on every transport, with a simulated board on a pseudo-terminal. */
export class Stage {
  readonly rack: FaultRack
  readonly #bench: Bench
  readonly #daemon: Daemon
  readonly place: Place

  private constructor(bench: Bench, daemon: Daemon, place: Place) {
    this.#bench = bench
    this.#daemon = daemon
    this.place = place
    this.rack = new FaultRack({ device: bench.simulated, port: bench.port })
  }

  static async open({ config, initConfig = config }: Scene): Promise<Stage> {
    const listeners = 'server: { listen: "127.0.0.1:0", tcp: "127.0.0.1:0", unix: signer.sock }\n'
    const whole = (text: string) => `${listeners}admin: { listen: "127.0.0.1:0" }\n${text}`
    const bench = new Bench(whole(initConfig), createSimulatedTezio({ keys: transcriptKeys() }))
    const made = await cli('init', ...bench.options, '--level', '0')
    if (made.code !== 0) throw new Error(made.stderr)
    writeFileSync(bench.config, whole(config))
    const daemon = await bench.started()
    const address = async (event: string) => String((await daemon.line(event))['address'])
    const unix = await address('unix.listening')
    if (unix !== join(bench.folder, 'signer.sock')) throw new Error(`the socket is at ${unix}`)
    return new Stage(bench, daemon, { url: await daemon.url(), unix, tcp: await address('tcp.listening') })
  }

  /** How often the board was asked to sign. */
  get signCommands(): number {
    return this.#bench.signCommands
  }

  /** Resolves when the log has another line of one of these events. */
  async hears(...events: readonly string[]): Promise<void> {
    const from = this.#daemon.lines.length
    await this.#daemon.until((lines) => lines.slice(from).some(({ event }) => events.includes(event ?? '')))
  }

  /** Pulls the plug, and waits until that is noticed. */
  async unplug(): Promise<void> {
    const noticed = this.hears('device.lost')
    this.#bench.port.unplug()
    await noticed
  }

  /** Puts it back, and waits until the board is ready. */
  async replug(): Promise<void> {
    const ready = this.hears('device.ready')
    this.#bench.port.replug()
    await ready
  }

  close(): Promise<void> {
    return this.#bench.close()
  }
}
