import { setTimeout as passing } from 'node:timers/promises'
import { attestation } from '../e2e/payloads.js'
import { cli } from '../e2e/daemon.js'
import { Cluster } from '../shared-marks/postgresql/cluster.js'
import { Host, marksConfig } from './two-hosts.js'
import { Valve } from './valve.js'

/** From something that broke, or was mended, to the next signature, and what was answered until then. */
export type Outcome = { readonly ms: number; readonly codes: readonly string[] }

/** Between two requests of the client, in ms. */
const RETRY_MS = 10

/** Two hosts on one database; the first one's way to it can be cut. */
export class FailOver {
  readonly cluster: Cluster
  readonly valve: Valve
  readonly first: Host
  readonly second: Host
  readonly #longestMs: number
  #level = 1000

  private constructor(cluster: Cluster, valve: Valve, measures: boolean) {
    this.#longestMs = measures ? 3000 : 0
    this.cluster = cluster
    this.valve = valve
    this.first = new Host(marksConfig(cluster, valve.port))
    this.second = new Host(marksConfig(cluster))
  }

  /** `measures`: what is mended is mended at any instant of a host's own attempts, and not at once. */
  static async make(measures = false): Promise<FailOver> {
    const cluster = await Cluster.make()
    const scene = new FailOver(cluster, await Valve.before(cluster.port), measures)
    const { code, stderr } = await cli('marks', 'migrate', ...scene.second.bench.options)
    if (code !== 0) throw new Error(stderr)
    for (const host of scene.both) await host.init()
    await Promise.all(scene.both.map((host) => host.start()))
    return scene
  }

  get both(): readonly [Host, Host] {
    return [this.first, this.second]
  }

  /** Where the hosts listen. */
  hostPorts(): readonly [first: string, second: string] {
    return [this.first.address, this.second.address]
  }

  async anyInstant(): Promise<void> {
    if (this.#longestMs > 0) await passing(this.#longestMs * Math.random())
  }

  /** That of the last payload. */
  get level(): number {
    return this.#level
  }

  /** An attestation of the next level. */
  newPayload(): Uint8Array {
    return attestation((this.#level += 1))
  }

  /** Asks the hosts for a payload of a new level, over and over, until one signs. */
  async next(hosts: readonly Host[], from = performance.now()): Promise<Outcome> {
    const payload = this.newPayload()
    const codes = new Set<string>()
    for (let isSigned = false; !isSigned;) {
      const asking = hosts.map(async (host) => {
        const { signature, code = '' } = await host.ask(payload)
        if (signature !== undefined) return
        codes.add(code)
        throw new Error(code)
      })
      isSigned = await Promise.any(asking).then(
        () => true,
        () => false,
      )
      if (!isSigned) await passing(RETRY_MS)
    }
    return { ms: performance.now() - from, codes: [...codes] }
  }

  async close(): Promise<void> {
    for (const { bench } of this.both) await bench.close()
    await this.valve.close()
    await this.cluster.remove()
  }
}

type Story = (scene: FailOver) => Promise<Outcome>

/** What breaks, what it is measured to, and what may be answered meanwhile. */
export const STORIES: Readonly<Record<string, { readonly story: Story; readonly codes: readonly string[] }>> =
  {
    'nothing breaks': { story: (scene) => scene.next(scene.both), codes: [] },
    'a board is unplugged: both hosts are asked': {
      story: async (scene) => {
        scene.first.bench.port.unplug()
        const outcome = await scene.next(scene.both)
        scene.first.bench.port.replug()
        await scene.next([scene.first])
        return outcome
      },
      codes: ['device-lost', 'device-unavailable'],
    },
    'a board is plugged in again: its host is asked': {
      story: async (scene) => {
        scene.first.bench.port.unplug()
        await scene.next([scene.second])
        scene.first.bench.port.replug()
        return scene.next([scene.first])
      },
      codes: ['device-lost', 'device-unavailable'],
    },
    'a daemon is killed: both hosts are asked': {
      story: async (scene) => {
        const restarted = scene.first.killDaemon()
        const outcome = await scene.next(scene.both)
        await restarted
        return outcome
      },
      codes: ['gone'],
    },
    'a daemon is killed and started at once: its host is asked': {
      story: async (scene) => {
        const from = performance.now()
        await scene.first.killDaemon()
        return scene.next([scene.first], from)
      },
      codes: ['gone', 'device-unavailable'],
    },
    'both daemons are killed and started at once': {
      story: async (scene) => {
        const from = performance.now()
        const restarted = Promise.all(scene.both.map((host) => host.killDaemon()))
        const outcome = await scene.next(scene.both, from)
        await restarted
        return outcome
      },
      codes: ['gone', 'device-unavailable'],
    },
    'all connections to the database are ended': {
      story: async (scene) => {
        await scene.cluster.sql(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tezio-bridge %'`,
        )
        return scene.next([scene.first])
      },
      codes: [],
    },
    'one host is cut off from the database: both are asked': {
      story: async (scene) => {
        scene.valve.shut()
        const outcome = await scene.next(scene.both)
        scene.valve.open()
        await scene.next([scene.first])
        return outcome
      },
      codes: ['marks-unavailable'],
    },
    'one host is cut off from the database: its refusal': {
      story: async (scene) => {
        scene.valve.shut()
        const from = performance.now()
        const { code = '' } = await scene.first.ask(scene.newPayload())
        const ms = performance.now() - from
        scene.valve.open()
        await scene.next([scene.first])
        return { ms, codes: [code] }
      },
      codes: ['marks-unavailable'],
    },
    'the way to the database is open again: that host is asked': {
      story: async (scene) => {
        scene.valve.shut()
        await scene.first.ask(scene.newPayload())
        await scene.anyInstant()
        scene.valve.open()
        return scene.next([scene.first])
      },
      codes: ['marks-unavailable'],
    },
    'the database is stopped and started at once': {
      story: async (scene) => {
        const from = performance.now()
        const stopping = scene.cluster.stop('SIGQUIT').then(() => scene.cluster.start())
        const outcome = await scene.next(scene.both, from)
        await stopping
        return outcome
      },
      codes: ['marks-unavailable'],
    },
    'the database is there again after seconds': {
      story: async (scene) => {
        await scene.cluster.stop('SIGQUIT')
        await scene.first.ask(scene.newPayload())
        await scene.anyInstant()
        await scene.cluster.start()
        return scene.next(scene.both)
      },
      codes: ['marks-unavailable'],
    },
  }
