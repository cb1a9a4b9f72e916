import type { Daemon } from '../daemon.js'
import type { EthBench } from './eth-bench.js'
import { ethSignatures } from './eth-board.js'

/** A daemon that is killed and started again on what the one before left. */
export class Served {
  readonly bench: EthBench
  url = ''
  #daemon: Daemon | undefined

  constructor(bench: EthBench) {
    this.bench = bench
  }

  /** Resolves with itself when the daemon has found its board. */
  async start(): Promise<this> {
    ;({ daemon: this.#daemon, url: this.url } = await this.bench.started())
    return this
  }

  /** `kill -9`, and a new daemon. */
  async restart(): Promise<void> {
    this.#daemon?.kill('SIGKILL')
    await this.#daemon?.exit
    await this.start()
  }

  /** How often the board was asked for a signature. */
  get signatures(): number {
    return ethSignatures(this.bench.bench.simulated)
  }
}
