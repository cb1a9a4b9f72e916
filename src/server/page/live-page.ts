import type { Clock } from '../../clock.js'
import type { AdminSource } from '../admin-source.js'
import type { FaultSink } from '../error-funnel.js'
import type { Assets } from './assets.js'
import type { LiveMessage } from './browser/live-message.js'
import type { RowCache } from './decisions.js'
import { document } from './layout.js'
import { SECTIONS, takeSnapshot, type Snapshot } from './snapshot.js'
import { frame, type Viewer } from './viewer.js'

export type LivePageOptions = {
  readonly source: Pick<AdminSource, 'status' | 'latencies' | 'onChange'>
  readonly assets: Assets
  readonly clock: Clock
  readonly onFault: FaultSink
}

/** Viewers at once: each costs a connection, of which the listener has 1024. */
const MAX_VIEWERS = 200
/** How often a state is rendered at most. */
const TICK_MS = 1000
/** After a change the state waits so long: the answer that is on its way goes first. */
const SETTLE_MS = 50
/** Not everything has an event: the queue, a mark raised by hand, an hour that passed. */
const LOOK_AGAIN_MS = 5000
/** So that a viewer knows that the daemon is alive, and proxies that the stream is. */
const HEARTBEAT_MS = 15_000
/** Viewers that are written to in one go; between two goes a signature gets its turn. */
const AT_ONCE = 20

/**
 * The operator's page and everybody who looks at it. A state is rendered once for all viewers, and not at all while
 * there is none. It outlives the app, so that a reload of the configuration ends no stream.
 */
export class LivePage {
  readonly assets: Assets
  readonly #options: LivePageOptions
  readonly #clock: Clock
  readonly #viewers = new Set<Viewer>()
  readonly #rows: RowCache = new WeakMap()
  #latest:
    { readonly snapshot: Snapshot; readonly takenAt: number; whole: Uint8Array | undefined } | undefined
  #next: { readonly at: number; readonly cancel: () => void } | undefined
  #stop: (() => void) | undefined
  #isClosed = false

  constructor(options: LivePageOptions) {
    this.#options = options
    this.#clock = options.clock
    this.assets = options.assets
  }

  /** How many look on now. */
  get viewers(): number {
    return this.#viewers.size
  }

  /** Whether another viewer may join. */
  get isOpen(): boolean {
    return !this.#isClosed && this.#viewers.size < MAX_VIEWERS
  }

  /** The document as of now. */
  document(): string {
    return document(takeSnapshot(this.#options.source, this.#rows), this.assets)
  }

  /** Everything as of at most a second ago, as a viewer is told it first. */
  message(): LiveMessage {
    return this.#message(this.#recent().snapshot)
  }

  /** Tells the viewer everything now and what changes from now on, until it leaves. Ask `isOpen` before. */
  join(viewer: Viewer): void {
    try {
      const latest = this.#recent()
      latest.whole ??= frame('status', this.#message(latest.snapshot))
      if (viewer.send(latest.whole)) this.#add(viewer)
    } catch (error) {
      this.#options.onFault(error)
      viewer.end()
    }
  }

  /** Forgets a viewer; with the last one everything stands still. */
  leave(viewer: Viewer): void {
    if (!this.#viewers.delete(viewer) || this.#viewers.size > 0) return
    this.#stop?.()
    this.#stop = undefined
    this.#next?.cancel()
    this.#next = undefined
    this.#latest = undefined
  }

  /** Ends every stream at once and lets nobody join any more. */
  close(): void {
    this.#isClosed = true
    for (const viewer of [...this.#viewers]) {
      this.leave(viewer)
      viewer.end()
    }
  }

  #add(viewer: Viewer): void {
    this.#viewers.add(viewer)
    if (this.#viewers.size === 1) this.#begin()
  }

  #begin(): void {
    const forget = this.#options.source.onChange(() => {
      this.#refreshIn(SETTLE_MS)
    })
    let stopBeating: () => void
    const beat = () => {
      stopBeating = this.#clock.after(HEARTBEAT_MS, beat)
      this.#tell(frame('alive', new Date().toISOString()))
    }
    stopBeating = this.#clock.after(HEARTBEAT_MS, beat)
    this.#stop = () => {
      forget()
      stopBeating()
    }
    this.#refreshIn(LOOK_AGAIN_MS)
  }

  /** The latest state, rendered anew when it is older than a second. */
  #recent() {
    const { now } = this.#clock
    if (this.#latest === undefined || now() - this.#latest.takenAt >= TICK_MS) this.#refresh()
    this.#latest ??= this.#taken()
    return this.#latest
  }

  #taken() {
    return {
      snapshot: takeSnapshot(this.#options.source, this.#rows),
      takenAt: this.#clock.now(),
      whole: undefined,
    }
  }

  /** Renders in `ms`, but no sooner than a second after the last time. */
  #refreshIn(ms: number): void {
    const now = this.#clock.now()
    const at = Math.max(now + ms, (this.#latest?.takenAt ?? -Infinity) + TICK_MS)
    if (this.#next !== undefined && this.#next.at <= at) return
    this.#next?.cancel()
    const cancel = this.#clock.after(at - now, () => {
      this.#next = undefined
      this.#tryRefresh()
      if (this.#viewers.size > 0) this.#refreshIn(LOOK_AGAIN_MS)
    })
    this.#next = { at, cancel }
  }

  /** Nobody waits for a state that is rendered by the clock: what it throws would end the daemon. */
  #tryRefresh(): void {
    try {
      this.#refresh()
    } catch (error) {
      this.#options.onFault(error)
    }
  }

  /** Renders, and tells the viewers what changed. */
  #refresh(): void {
    const before = this.#latest?.snapshot
    this.#latest = this.#taken()
    if (before === undefined || this.#viewers.size === 0) return
    const message = this.#message(this.#latest.snapshot, before)
    if (Object.keys(message.sections).length > 0 || message.samples.length > 0) {
      this.#tell(frame('status', message))
    }
  }

  /** All of a snapshot, or what is new in it since `before`. */
  #message({ report, state, title, sections, samples }: Snapshot, before?: Snapshot): LiveMessage {
    const changed = SECTIONS.filter((id) => sections[id] !== before?.sections[id])
    const added = before === undefined ? samples.length : given(report) - given(before.report)
    return {
      ...{ whole: before === undefined, build: this.assets.build, at: report.at, state, title },
      sections: Object.fromEntries(changed.map((id) => [id, sections[id]])),
      samples: samples
        .slice(Math.max(0, samples.length - added))
        .map(({ at, totalMs, deviceMs, kind }) => [Date.parse(at), totalMs, deviceMs, kind]),
    }
  }

  #tell(bytes: Uint8Array, viewers: readonly Viewer[] = [...this.#viewers]): void {
    for (const viewer of viewers.slice(0, AT_ONCE)) {
      if (this.#viewers.has(viewer) && !viewer.send(bytes)) this.leave(viewer)
    }
    if (viewers.length > AT_ONCE) {
      setImmediate(() => {
        this.#tell(bytes, viewers.slice(AT_ONCE))
      })
    }
  }
}

/** Signatures that were given since the start; each left one sample. */
function given({ counts }: Snapshot['report']): number {
  return counts.signed + counts.repeated
}
