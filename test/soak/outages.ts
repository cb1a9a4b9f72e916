import type { PseudoTerminal } from '../../hw-sim/index.js'
import type { Daemon } from '../e2e/daemon.js'
import type { PlannedUnplug } from './baking-plan.js'

/** Pulls the plug and puts it in again, and knows when the daemon had to do without the board. */
export class Outages {
  count = 0
  /** From the unplug to the moment the daemon was ready again. */
  longestMs = 0
  /** From the unplug until the daemon is ready again. */
  isAway = false
  readonly #port: PseudoTerminal
  readonly #daemon: Daemon
  #levelsLeft = 0
  #pulling: Promise<void> = Promise.resolve()
  #coming: Promise<void> = Promise.resolve()

  constructor(port: PseudoTerminal, daemon: Daemon) {
    this.#port = port
    this.#daemon = daemon
  }

  /** Tells that a level begins, and what is planned for it. */
  level(unplug: PlannedUnplug | undefined): void {
    if (this.#port.isPlugged) {
      if (unplug !== undefined && !this.isAway) this.#pulling = this.#pull(unplug)
      return
    }
    this.#levelsLeft -= 1
    if (this.#levelsLeft <= 0) this.#port.replug()
  }

  /** Resolves when the daemon has found a board that is plugged in; at once while it is unplugged. */
  async backIfReplugged(): Promise<void> {
    await this.#pulling
    if (this.#port.isPlugged) await this.#coming
  }

  /** Puts the plug in for good. */
  async end(): Promise<void> {
    await this.#pulling
    if (!this.#port.isPlugged) this.#port.replug()
    await this.#coming
  }

  async #pull({ afterTurns, levels }: PlannedUnplug): Promise<void> {
    for (let turn = 0; turn < afterTurns; turn += 1) await new Promise(setImmediate)
    this.count += 1
    this.isAway = true
    this.#levelsLeft = levels
    this.#coming = this.#back(performance.now(), this.#daemon.lines.length)
    this.#port.unplug()
  }

  async #back(awayAt: number, from: number): Promise<void> {
    await this.#daemon.line('device.ready', from)
    this.isAway = false
    this.longestMs = Math.max(this.longestMs, performance.now() - awayAt)
  }
}
