import type { Judgement } from './judgement.js'

/** One check's place in the report. */
export type CheckResult = Judgement & {
  /** `group.what` or `group.what.key`: stable, for programs. */
  readonly id: string
  readonly title: string
  /** By the cable's clock. */
  readonly durationMs: number
}

/**
 * How a known surprise of docs/protocol.md shows: as in the recorded firmware (`stock`), as in hw-sim's repaired one
 * (`fixed`), in a third way (`other`), or not seen (`left-out`). Information: only checks decide on conformity.
 */
export type SurpriseVerdict = 'stock' | 'fixed' | 'other' | 'left-out'

/** One known surprise. `number` is its number in docs/protocol.md "What surprises". */
export type SurpriseResult = {
  readonly number: number
  readonly title: string
  readonly verdict: SurpriseVerdict
  readonly detail: string
}

/** How long one command took with one key, in ms from its last byte to the reply's last. Nearest-rank percentiles. */
export type TimingRow = {
  readonly command: string
  readonly key: string
  readonly samples: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** The judgement of a device. */
export type Report = {
  readonly format: 'tezio-conformance-1'
  /** No check failed, and the run came to its end. */
  readonly conforming: boolean
  readonly destructive: boolean
  /** Why the run ended early; absent when it did not. */
  readonly stopped?: string
  /** The addresses the device gives, by key name; those it does not give are absent. */
  readonly addresses: Readonly<Partial<Record<string, string>>>
  readonly checks: readonly CheckResult[]
  readonly surprises: readonly SurpriseResult[]
  readonly timings: readonly TimingRow[]
  readonly durationMs: number
}
