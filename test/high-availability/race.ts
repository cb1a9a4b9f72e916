import { makePlace, type Place, type Which } from '../crash/place.js'
import { PromiseJudge } from '../crash/promise.js'
import { Clients } from './clients.js'
import { planLevel, type Disturbance, type Odds, type PlannedPlace } from './race-plan.js'
import { emptyRaceReport, type RaceReport } from './race-report.js'
import { TwoHosts } from './two-hosts.js'

/** How long is raced, and what is broken how often. */
export type RaceOptions = {
  readonly seed: number
  readonly levels: number
  readonly odds: Odds
  /** No level begins after this instant of `performance.now()`. */
  readonly endAt?: number
  readonly onProgress?: (report: RaceReport) => void
}

const FIRST_LEVEL = 1_000_000
const ALIAS = 3
const PROGRESS_EVERY = 500

/** Two hosts on one database bake the same levels, through conflicts and whatever breaks. */
export async function race(options: RaceOptions): Promise<RaceReport> {
  const hosts = await TwoHosts.make()
  try {
    return await new Race(options, hosts).run()
  } finally {
    await hosts.close()
  }
}

class Race {
  readonly #options: RaceOptions
  readonly #hosts: TwoHosts
  readonly #report = emptyRaceReport()
  readonly #clients: Clients
  readonly #judge = new PromiseJudge()
  /** Disturbances that are not over. */
  readonly #lasting = new Set<Promise<void>>()

  constructor(options: RaceOptions, hosts: TwoHosts) {
    this.#options = options
    this.#hosts = hosts
    this.#clients = new Clients(hosts, this.#report)
  }

  async run(): Promise<RaceReport> {
    const { seed, levels, odds, endAt = Infinity, onProgress } = this.#options
    const report = this.#report
    const startedAt = performance.now()
    while (report.levels < levels && performance.now() < endAt && report.faults.length === 0) {
      const { places, disturbances } = planLevel(seed, report.levels, odds)
      for (const disturbance of disturbances) this.#begin(disturbance)
      await Promise.all(places.map((rounds) => this.#bakeRounds(rounds)))
      report.levels += 1
      this.#look()
      report.ms = performance.now() - startedAt
      if (report.levels % PROGRESS_EVERY === 0) onProgress?.(report)
    }
    await this.#end()
    return report
  }

  async #bakeRounds(rounds: readonly PlannedPlace[]): Promise<void> {
    for (const planned of rounds) {
      const place = makePlace(planned.kind, FIRST_LEVEL + this.#report.levels, planned.round)
      await this.#bake(place, planned)
    }
  }

  async #bake(place: Place, { manner, first, rival, repeats }: PlannedPlace): Promise<void> {
    this.#report.places += 1
    const which: Which = 0
    if (rival === 'race') {
      this.#report.contested += 1
      const other = first === 0 ? 1 : 0
      const ends = await Promise.all([
        this.#clients.insist(place, 0, manner, first),
        this.#clients.insist(place, 1, manner === 'hasty' ? 'hasty' : 'turns', other),
      ])
      const served = ends.filter((end) => end === 'signed').length
      if (served !== 1) this.#fault(place, `${served} of two rivals were served: ${ends.join(', ')}`)
      return
    }
    const end = await this.#clients.insist(place, which, manner, first)
    if (end !== 'signed') this.#fault(place, `the only payload was not signed: ${end}`)
    if (repeats) await this.#clients.repeat(place, which)
    if (rival === 'after') await this.#clients.attack(place, 1, first)
  }

  /** Where something is disturbed already, nothing more is done to it. */
  #begin({ what, host: index, afterTurns }: Disturbance): void {
    const work = async () => {
      for (let turn = 0; turn < afterTurns; turn += 1) await new Promise(setImmediate)
      await this.#disturb(what, index)
    }
    const lasting = work()
      .catch((error: unknown) => {
        this.#report.faults.push(`${what}: ${String(error)}`)
      })
      .finally(() => this.#lasting.delete(lasting))
    this.#lasting.add(lasting)
  }

  async #disturb(what: Disturbance['what'], index: Disturbance['host']): Promise<void> {
    const host = this.#hosts.list[index]
    if (what === 'database') {
      if (this.#hosts.isDatabaseDisturbed) return
      this.#report.databaseStops += 1
      await this.#hosts.restartDatabase()
    } else if (what === 'sessions') {
      if (this.#hosts.isDatabaseDisturbed) return
      // The server may stop while it is asked.
      this.#report.sessionsEnded += await this.#hosts.terminateSessions().catch(() => 0)
    } else if (!host.isDisturbed) {
      this.#report[what === 'daemon' ? 'daemonKills' : 'unplugs'] += 1
      await (what === 'daemon' ? host.killDaemon() : host.replugBoard())
    }
  }

  /** The boards' own logs are judged: all that was sent to both, and that each heard signature is of what was sent. */
  #look(): void {
    for (const [board, { bench }] of this.#hosts.list.entries()) {
      this.#judge.read(bench.simulated.log, board)
    }
    this.#report.faults.push(...this.#judge.broken.splice(0))
    for (const { place, which } of this.#clients.takeHeard()) {
      const isSent = this.#judge.wasSent(ALIAS, place.payloads[which])
      if (!isSent) this.#fault(place, 'a signature was heard of a payload that was not sent to a board')
    }
    for (const host of this.#hosts.list) {
      this.#report.faults.push(...host.deaths.splice(0))
      host.forgetLines()
    }
  }

  async #end(): Promise<void> {
    while (this.#lasting.size > 0) await Promise.all(this.#lasting)
    await this.#clients.ended()
    for (const host of this.#hosts.list) {
      const { exit, journal } = await host.stop()
      if (exit !== 0) this.#report.faults.push(`a daemon ended with ${exit}: ${host.daemon.stderr}`)
      if (journal !== '') this.#report.faults.push(`a journal is not sound: ${journal}`)
    }
    this.#look()
    for (const fault of await this.#clients.faultsOfTable()) this.#report.faults.push(fault)
  }

  #fault({ kind, level, round }: Place, what: string): void {
    this.#report.faults.push(`${kind} ${level}/${round}: ${what}`)
  }
}
