import { seededNumbers } from '../../../hw-sim/scenario/seeded-chance.js'
import type { Custody } from '../../../src/accounts/index.js'
import type { Daemon } from '../daemon.js'
import type { AccountsBench, Client } from './accounts-bench.js'

/** How often a daemon was killed, and how far the creations had come then. */
export type KillTally = {
  readonly kills: number
  /** Creations that were answered before the daemon died. */
  readonly answered: number
  /** Accounts of creations that were not. */
  readonly unanswered: number
  /** Creations of which nothing was left but that they were asked for. */
  readonly nothing: number
}

export type KillOptions = {
  readonly custody: Custody
  readonly seed: number
  readonly kills: number
  /** The latest instant of a kill, in ms since the first request was sent. */
  readonly latestMs: number
  /** Opens the vault, and waits until the daemon has settled what the one before left. */
  readonly ready: (daemon: Daemon) => Promise<void>
}

/** So many at the same time, and so many after each other: at every instant one is somewhere in the middle. */
const LANES = 2
const IN_A_LANE = 4

/**
 * Kills a daemon at random instants while it makes accounts, starts the next, and rejects, naming seed and kill, where an
 * account that was answered is not there, one that is listed does not sign, or a request that is sent again makes a second.
 */
export async function killCreators(bench: AccountsBench, options: KillOptions): Promise<KillTally> {
  const { seed, kills, latestMs } = options
  const next = seededNumbers(seed)
  const { text: apiKey } = await bench.apiKey()
  const run = new CreatorRun(bench, apiKey, options)
  await run.start()
  for (let kill = 1; kill <= kills; kill += 1) {
    const atMs = next() * latestMs
    try {
      await run.killAfter(atMs)
      await run.start()
      await run.check()
    } catch (error) {
      const where = `CRASH_SEED=${seed}, kill ${kill} of ${kills}, ${atMs.toFixed(1)} ms after the request`
      throw new Error(`${where}: ${String(error)}`, { cause: error })
    }
  }
  return { kills, ...run.tally }
}

class CreatorRun {
  readonly tally = { answered: 0, unanswered: 0, nothing: 0 }
  readonly #bench: AccountsBench
  readonly #apiKey: string
  readonly #options: KillOptions
  /** What was called by which key since the last check, and the address where it was answered. */
  readonly #calls = new Map<string, string | undefined>()
  readonly #addresses = new Set<string>()
  #count = 0
  #daemon: Daemon | undefined
  #client: Client | undefined

  constructor(bench: AccountsBench, apiKey: string, options: KillOptions) {
    this.#bench = bench
    this.#apiKey = apiKey
    this.#options = options
  }

  async start(): Promise<void> {
    this.#daemon = this.#bench.bench.startConfigured()
    this.#client = this.#bench.client(await this.#daemon.url(), this.#apiKey)
    await this.#options.ready(this.#daemon)
  }

  async killAfter(ms: number): Promise<void> {
    const daemon = this.#running
    const lanes = Array.from({ length: LANES }, () => this.#lane())
    await passing(ms)
    daemon.kill('SIGKILL')
    await daemon.exit
    if (daemon.endedBy !== 'SIGKILL') throw new Error(`the daemon ended by itself: ${daemon.stderr}`)
    await Promise.all(lanes)
  }

  async check(): Promise<void> {
    const listed = (await this.#bench.list()).map(({ address }) => address)
    const answered = [...this.#calls.values()].flatMap((address) => address ?? [])
    const lost = [...this.#addresses, ...answered].filter((address) => !listed.includes(address))
    if (lost.length > 0) throw new Error(`lost: ${lost.join(', ')}`)
    const pending = await this.#bench.pending()
    if (pending > 0) throw new Error(`${pending} creations are half done`)
    const found = listed.filter((address) => !this.#addresses.has(address))
    for (const address of found) await this.#expectUsable(address)
    this.tally.answered += answered.length
    this.tally.unanswered += found.length - answered.length
    this.tally.nothing += this.#calls.size - found.length
    await this.#askAgain(found)
  }

  /** Everything is asked for once more: what there is is found, what there is not is made, and nothing twice. */
  async #askAgain(found: readonly string[]): Promise<void> {
    const again = new Set<string>()
    for (const [call, before] of this.#calls) {
      const { status, body } = await this.#create(call)
      const address = String(body['address'])
      const isKnown = found.includes(address)
      if (status !== (isKnown ? 200 : 201) || (before ?? address) !== address || again.has(address)) {
        throw new Error(`asked for again, ${call} was answered with ${status} ${address} (known: ${isKnown})`)
      }
      if (!isKnown) await this.#expectUsable(address)
      again.add(address)
    }
    const stray = found.filter((address) => !again.has(address))
    if (stray.length > 0) throw new Error(`nobody asked for ${stray.join(', ')}`)
    for (const address of again) this.#addresses.add(address)
    this.#calls.clear()
  }

  async #lane(): Promise<void> {
    for (let count = 0; count < IN_A_LANE; count += 1) {
      const call = `call-${(this.#count += 1)}`
      this.#calls.set(call, undefined)
      const answer = await this.#create(call).catch(() => undefined)
      if (answer === undefined) return
      if (answer.status !== 201) throw new Error(JSON.stringify(answer))
      this.#calls.set(call, String(answer.body['address']))
    }
  }

  #create(call: string) {
    if (this.#client === undefined) throw new Error('no daemon was started')
    return this.#client.create(this.#options.custody, { 'idempotency-key': call })
  }

  async #expectUsable(address: string): Promise<void> {
    if (this.#client === undefined || !(await this.#client.isUsable(address)))
      throw new Error(`${address} is listed and does not sign`)
  }

  get #running(): Daemon {
    if (this.#daemon === undefined) throw new Error('no daemon was started')
    return this.#daemon
  }
}

/** Lets everything of this process happen until `ms` have passed; finer than a timer. */
async function passing(ms: number): Promise<void> {
  const until = performance.now() + ms
  while (performance.now() < until) await new Promise(setImmediate)
}
