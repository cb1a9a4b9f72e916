import type { Clock } from '../clock.js'
import type { AdminSource, DeviceReport, LatencySample, StatusReport } from '../server/index.js'
import type { PublicKeyHash } from '../tezos/index.js'
import { Activity } from './activity.js'
import type { BridgeEvent } from './bridge-event.js'
import { Metrics } from './metrics.js'
import { deviceWarnings, isUp, keyReports, markReport, marksWarnings, readinessOf } from './reports.js'
import type { DeviceSource, Sources } from './sources.js'
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

/** How often a device came within reach, whether a command could be sent to it now, and since when. */
type Reach = { readonly connections: number; readonly isReady: boolean; readonly since: string }

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
  /** By device. */
  readonly #reaches = new Map<string, Reach>()

  constructor(options: TelemetryOptions) {
    this.#options = options
    this.#now = options.wallClock ?? (() => new Date())
    this.#startedAt = this.#now().toISOString()
    this.#epoch = options.clock.now() - Date.parse(this.#startedAt)
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
      () => readinessOf(this.#attached()).ready,
    )
  }

  status(): StatusReport {
    const sources = this.#attached()
    const now = this.#now()
    const [first, ...others] = sources
      .devices()
      .map((source) => ({ source, report: this.#deviceReport(source) }))
    if (first === undefined) throw new Error('a bridge has a device')
    const devices = [first, ...others]
    return {
      at: now.toISOString(),
      version: this.#options.version,
      startedAt: this.#startedAt,
      listening: sources.listening(),
      readiness: readinessOf(sources),
      device: first.report,
      devices: devices.map(({ report }) => report),
      keys: keyReports(sources),
      marks: sources.marks().map(markReport),
      queue: { waiting: sources.waiting(), capacity: sources.queueCapacity },
      latencies: this.#activity.latencyReport(),
      counts: this.#activity.counts(),
      decisions: this.#activity.decisions(),
      warnings: [
        ...devices.flatMap(({ source, report }) => deviceWarnings(source, report.since, others.length > 0)),
        ...marksWarnings(sources),
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

  #reachOf(device: string): Reach {
    return this.#reaches.get(device) ?? { connections: 0, isReady: false, since: this.#startedAt }
  }

  #reached(event: BridgeEvent): void {
    const isReady = READY_EVENTS[event.event]
    if (isReady === undefined || !('device' in event)) return
    const before = this.#reachOf(event.device)
    const connections = before.connections + (event.event === 'device.ready' ? 1 : 0)
    const since = isReady === before.isReady ? before.since : this.#now().toISOString()
    this.#reaches.set(event.device, { connections, isReady, since })
  }

  /** A board that is away is looked for again and again, and its state is entered as often: `since` is the first time. */
  #deviceReport(source: DeviceSource): DeviceReport {
    const { name, kind, health, holds } = source
    const { state, path, simulated, lastError, lateReplies, noiseBytes } = health
    const reach = this.#reachOf(name)
    const enteredAt = new Date(health.since - this.#epoch).toISOString()
    const since = isUp(source) || reach.isReady ? enteredAt : reach.since
    const reconnects = Math.max(0, reach.connections - 1)
    const link = { state, since, path, simulated, lastError, reconnects, lateReplies, noiseBytes }
    return { name, kind, keys: holds, ...link }
  }
}
