import type { Clock } from '../clock.js'
import type { DeviceHealth } from '../device/index.js'
import type { AdminSource, DeviceReport, LatencySample, StatusReport } from '../server/index.js'
import type { PublicKeyHash } from '../tezos/index.js'
import { Activity } from './activity.js'
import type { BridgeEvent } from './bridge-event.js'
import { Metrics } from './metrics.js'
import { deviceWarnings, keyReports, markReport, readinessOf } from './reports.js'
import type { Sources } from './sources.js'
import { Troubles } from './troubles.js'

export type TelemetryOptions = {
  readonly version: string
  /** The configured keys, which do not change while the daemon runs. */
  readonly keys: readonly PublicKeyHash[]
  /** The clock of the device's health. */
  readonly clock: Clock
  readonly wallClock?: () => Date
}

/** The events by which a board comes within reach, and is out of it. */
const READY_EVENTS: { readonly [event in BridgeEvent['event']]?: boolean } = {
  'device.ready': true,
  'device.resynced': true,
  'device.sync-lost': false,
  'device.lost': false,
  'device.open-failed': false,
}

/** Hears every event and tells operators what is and what was. It reads memory only, and decides nothing. */
export class Telemetry implements AdminSource {
  readonly #options: TelemetryOptions
  readonly #now: () => Date
  readonly #startedAt: string
  readonly #activity: Activity
  readonly #troubles: Troubles
  readonly #metrics: Metrics
  /** What the device's clock said when the wall clock said 1970: one answer for one instant, whenever it is asked. */
  readonly #epoch: number
  #sources: Sources | undefined
  readonly #listeners = new Set<() => void>()
  #connections = 0
  /** Whether a command could be sent, and since when. */
  #reach: { readonly isReady: boolean; readonly since: string }

  constructor(options: TelemetryOptions) {
    this.#options = options
    this.#now = options.wallClock ?? (() => new Date())
    this.#startedAt = this.#now().toISOString()
    this.#epoch = options.clock.now() - Date.parse(this.#startedAt)
    this.#reach = { isReady: false, since: this.#startedAt }
    this.#activity = new Activity(this.#now)
    this.#troubles = new Troubles(this.#now)
    this.#metrics = new Metrics({ version: options.version, keys: options.keys, now: this.#now })
  }

  /** Takes an event in, and tells who listens for changes. */
  observe(event: BridgeEvent): void {
    this.#reached(event)
    if (event.event === 'signature.decided') this.#activity.decided(event)
    this.#troubles.observe(event)
    this.#metrics.observe(event)
    this.#changed()
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Says what to look at, from now on; called again whenever the configuration was read again. */
  attach(sources: Sources): void {
    const isFirst = this.#sources === undefined
    this.#sources = sources
    this.#changed()
    if (!isFirst) return
    this.#metrics.show(
      () => this.#attached(),
      () => readinessOf(this.#attached().health()).ready,
    )
  }

  status(): StatusReport {
    const sources = this.#attached()
    const health = sources.health()
    const now = this.#now()
    const device = this.#deviceReport(health)
    return {
      at: now.toISOString(),
      version: this.#options.version,
      startedAt: this.#startedAt,
      listening: sources.listening(),
      readiness: readinessOf(health),
      device,
      keys: keyReports(sources),
      marks: sources.marks().map(markReport),
      queue: { waiting: sources.waiting(), capacity: sources.queueCapacity },
      latencies: this.#activity.latencyReport(),
      counts: this.#activity.counts(),
      decisions: this.#activity.decisions(),
      warnings: [
        ...deviceWarnings(health, device.since),
        ...sources.warnings(),
        ...this.#troubles.warnings(),
      ],
    }
  }

  latencies(): readonly LatencySample[] {
    return this.#activity.latencies()
  }

  metrics(): ReturnType<AdminSource['metrics']> {
    return this.#metrics.read()
  }

  #attached(): Sources {
    if (this.#sources === undefined) throw new Error('telemetry has nothing to look at yet')
    return this.#sources
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }

  #reached({ event }: BridgeEvent): void {
    if (event === 'device.ready') this.#connections += 1
    const isReady = READY_EVENTS[event] ?? this.#reach.isReady
    if (isReady !== this.#reach.isReady) this.#reach = { isReady, since: this.#now().toISOString() }
  }

  /** A board that is away is looked for again and again, and its state is entered as often: `since` is the first time. */
  #deviceReport({ since, ...health }: DeviceHealth): DeviceReport {
    const { state, path, simulated, lastError, lateReplies, noiseBytes } = health
    const enteredAt = new Date(since - this.#epoch).toISOString()
    const at = readinessOf({ since, ...health }).ready || this.#reach.isReady ? enteredAt : this.#reach.since
    const reconnects = Math.max(0, this.#connections - 1)
    return { state, since: at, path, simulated, lastError, reconnects, lateReplies, noiseBytes }
  }
}
