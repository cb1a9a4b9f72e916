import { createSimulatedTezio } from '../../hw-sim/index.js'
import { transcriptKeys } from '../device/support.js'
import { ADDRESS, BAKING_CONFIG, Bench, cli, sign, type Answer, type Daemon } from '../e2e/daemon.js'
import { Cluster } from '../shared-marks/postgresql/cluster.js'

/** More exchanges than a board has between two looks at its log. */
const LOG_SIZE = 5000

/** What a host said; `gone` where nobody answered. */
export type HostAnswer = Pick<Answer, 'signature' | 'code'>

/** A host: a state directory, a board on a pseudo-terminal, and one daemon after the other. */
export class Host {
  readonly bench: Bench
  /** While a disturbance of it lasts there is no other one. */
  isDisturbed = false
  /** Daemons that ended although nobody had ended them, in words. */
  readonly deaths: string[] = []
  readonly #ended = new Set<Daemon>()
  #wholeSince: number | undefined
  #daemon: Daemon | undefined
  #url: string | undefined

  constructor(marks: string) {
    const board = createSimulatedTezio({ keys: transcriptKeys(), logSize: LOG_SIZE })
    this.bench = new Bench(`${BAKING_CONFIG}${marks}`, board)
  }

  /** Since when daemon and board have been there without a break, by `performance.now()`. */
  get wholeSince(): number | undefined {
    return this.#wholeSince
  }

  /** `host:port`. */
  get address(): string {
    return new URL(this.#url ?? '').host
  }

  get daemon(): Daemon {
    if (this.#daemon === undefined) throw new Error('no daemon was started')
    return this.#daemon
  }

  async init(): Promise<void> {
    const { code, stderr } = await this.bench.init()
    if (code !== 0) throw new Error(`init: ${stderr}`)
  }

  /** The next daemon, once it has found the board. */
  async start(): Promise<void> {
    const daemon = this.bench.start()
    this.#daemon = daemon
    void daemon.exit.then((code) => {
      if (this.#ended.delete(daemon)) return
      const last = JSON.stringify(daemon.lines.slice(-5))
      this.deaths.push(`a daemon ended by itself: ${code} ${daemon.endedBy} ${daemon.stderr} ${last}`)
    })
    this.#url = await daemon.url()
    await daemon.line('device.ready')
    this.#wholeSince = performance.now()
  }

  /** Kills the daemon; resolves when the next one has found the board. */
  async killDaemon(): Promise<void> {
    await this.#disturbed(async () => {
      this.#ended.add(this.daemon)
      this.daemon.kill('SIGKILL')
      await this.daemon.exit
      this.#url = undefined
      await this.start()
    })
  }

  /** Pulls the plug, and puts it in again when the daemon has noticed; resolves when it has found the board. */
  async replugBoard(): Promise<void> {
    await this.#disturbed(async () => {
      const from = this.daemon.lines.length
      this.bench.port.unplug()
      await this.daemon.line('device.lost', from)
      this.bench.port.replug()
      await this.daemon.line('device.ready', from)
      this.#wholeSince = performance.now()
    })
  }

  async ask(payload: Uint8Array): Promise<HostAnswer> {
    if (this.#url === undefined) return GONE
    return sign(this.#url, ADDRESS.tz3, payload).catch(() => GONE)
  }

  /** Lets go of the daemon's log lines: there would be millions. */
  forgetLines(): void {
    if (!this.isDisturbed) this.daemon.lines.length = 0
  }

  /** What the daemon ended with, told to stop, and what its journal's own check then says. */
  async stop(): Promise<{ readonly exit: number | null; readonly journal: string }> {
    this.#ended.add(this.daemon)
    this.daemon.kill('SIGTERM')
    const exit = await this.daemon.exit
    const { code, stdout, stderr } = await cli('marks', 'verify', ...this.bench.options)
    return { exit, journal: code === 0 ? '' : `${stdout}${stderr}` }
  }

  async #disturbed(work: () => Promise<void>): Promise<void> {
    this.isDisturbed = true
    this.#wholeSince = undefined
    try {
      await work()
    } finally {
      this.isDisturbed = false
    }
  }
}

const GONE: HostAnswer = { signature: undefined, code: 'gone' }

/** Two hosts whose boards hold the same keys, on one real PostgreSQL. */
export class TwoHosts {
  readonly cluster: Cluster
  readonly list: readonly [Host, Host]
  isDatabaseDisturbed = false
  /** Since when the database has been there without a break. */
  databaseSince: number | undefined = 0

  private constructor(cluster: Cluster) {
    this.cluster = cluster
    const marks = marksConfig(cluster)
    this.list = [new Host(marks), new Host(marks)]
  }

  /** Made as an operator makes them: the tables, the first host, and the second one that takes its marks over. */
  static async make(): Promise<TwoHosts> {
    const hosts = new TwoHosts(await Cluster.make())
    const [first, second] = hosts.list
    try {
      const { code, stderr } = await cli('marks', 'migrate', ...first.bench.options)
      if (code !== 0) throw new Error(`marks migrate: ${stderr}`)
      await first.init()
      await second.init()
      await Promise.all([first.start(), second.start()])
      return hosts
    } catch (error) {
      await hosts.close()
      throw error
    }
  }

  /** Stops the server as `pg_ctl stop -m immediate` does, and starts it again. */
  async restartDatabase(): Promise<void> {
    this.isDatabaseDisturbed = true
    this.databaseSince = undefined
    await this.cluster.stop('SIGQUIT')
    await this.cluster.start()
    this.databaseSince = performance.now()
    this.isDatabaseDisturbed = false
  }

  /** Ends all connections of the daemons; how many. */
  async terminateSessions(): Promise<number> {
    const ended = await this.cluster.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tezio-bridge %'`,
    )
    return ended.length
  }

  async close(): Promise<void> {
    for (const { bench } of this.list) await bench.close()
    await this.cluster.remove()
  }
}

/** What a configuration says of marks in this cluster. */
export function marksConfig(cluster: Cluster, port = cluster.port): string {
  const url = cluster.url().replace(`:${cluster.port}/`, `:${port}/`)
  return `marks: { postgresql: { url: "${url}", passfile: "${cluster.passfile}" } }\n`
}
