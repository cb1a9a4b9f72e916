import type { Curve } from '../tezos/index.js'

/** Something an operator should know, and what to do about it. `code` is a stable word; docs/runbook.md has each. */
export type Warning = {
  readonly code: string
  readonly message: string
  readonly remedy: string
  /** When it began, or was last seen (ISO 8601); `undefined` where that is not known. */
  readonly at: string | undefined
}

/** Whether a signature could be made now, and if not, why: one code and one sentence for each reason. */
export type Readiness = {
  readonly ready: boolean
  readonly reasons: readonly { readonly code: string; readonly message: string }[]
}

/** What became of one request, as the audit line tells it. Durations in ms. */
export type Decision = {
  readonly at: string
  readonly requestId: string
  readonly key: string
  readonly outcome: 'signed' | 'repeated' | 'refused'
  readonly code: string | undefined
  readonly reason: string | undefined
  readonly kind: string | undefined
  readonly chain: string | undefined
  readonly level: number | undefined
  readonly round: number | undefined
  readonly queueMs: number
  readonly syncMs: number
  readonly deviceMs: number
  readonly totalMs: number
}

/** The state of a device and its cable. */
export type DeviceReport = {
  /** Its name in the configuration. */
  readonly name: string
  readonly kind: 'tezio' | 'pkcs11'
  /** The configured keys that it holds. */
  readonly keys: readonly string[]
  readonly state: string
  /** When that state was entered; while the board is not ready, since when it is not. */
  readonly since: string
  readonly path: string | undefined
  readonly simulated: boolean
  readonly lastError: { readonly code: string; readonly message: string } | undefined
  /** How often it was found again after the first time. */
  readonly reconnects: number
  readonly lateReplies: number
  readonly noiseBytes: number
}

/** A configured key. */
export type KeyReport = {
  readonly address: string
  readonly curve: Curve
  /** Its place on a board. */
  readonly alias: number
  /** The devices that hold it, the preferred one first. Daemons before 0.2 do not tell. */
  readonly devices?: readonly string[]
  /** base58check; `undefined` while the board was not reached yet. */
  readonly publicKey: string | undefined
  /** First bytes it may sign, as hex, or `any`. */
  readonly signs: string
  readonly lastSignedAt: string | undefined
  readonly quarantinedSince: string | undefined
}

/** A high-water mark. */
export type MarkReport = {
  readonly chain: string
  /** The chain's name where it has one, else its id. */
  readonly chainName: string
  readonly key: string
  readonly kind: string
  readonly level: number
  readonly round: number
  readonly raisedAt: string
  /** `signed`: the signature is kept; `raised`: it is not (in hand, failed, or lost); `set`: by hand or at first. */
  readonly state: 'signed' | 'raised' | 'set'
}

/** How long requests that ended with a signature took, over the last hour, in ms. `undefined` while there is none. */
export type LatencyReport = {
  readonly count: number
  readonly p50Ms: number | undefined
  readonly p95Ms: number | undefined
  readonly p99Ms: number | undefined
  readonly maxMs: number | undefined
}

/** Where requests are taken: `http`, `unix` and `tcp` sign, `admin` only tells. */
export type ListeningAddress = {
  readonly transport: 'http' | 'unix' | 'tcp' | 'admin'
  readonly address: string
}

/** Everything an operator sees at a glance: the command line's `status`, the page and `/api/status` show this. */
export type StatusReport = {
  /** When it was made (ISO 8601, as all instants in it). */
  readonly at: string
  readonly version: string
  readonly startedAt: string
  /** Daemons before 0.2 do not tell. */
  readonly listening?: readonly ListeningAddress[]
  readonly readiness: Readiness
  /** The first of `devices`. */
  readonly device: DeviceReport
  /** Daemons before 0.2 do not tell. */
  readonly devices?: readonly DeviceReport[]
  readonly keys: readonly KeyReport[]
  readonly marks: readonly MarkReport[]
  readonly queue: { readonly waiting: number; readonly capacity: number }
  readonly latencies: LatencyReport
  /** Since the start of the daemon. */
  readonly counts: { readonly signed: number; readonly repeated: number; readonly refused: number }
  /** The last ones, newest first. */
  readonly decisions: readonly Decision[]
  readonly warnings: readonly Warning[]
}

/** One signature of the last hour: when it was given, how long the request took, and of what kind. */
export type LatencySample = {
  readonly at: string
  readonly totalMs: number
  readonly deviceMs: number
  readonly kind: string
}

/** Where a key is, in words: its place on the only board, or the devices that hold it. */
export function placeOf({ alias, devices = [] }: KeyReport, report: Pick<StatusReport, 'devices'>): string {
  return (report.devices ?? []).length > 1 ? devices.join(', ') : String(alias)
}
