import type { Verdict } from './decide.js'
import type { MarkKey, MarkRecord, Wanted } from './mark.js'

/**
 * Where marks are kept. The guarded signer knows no more than this, so that a store shared by several hosts fits.
 * Every method may throw a StateError; then nothing may be signed.
 */
export type MarkStore = {
  /** Throws when a mark could not be raised now: then nothing is signed, not even what carries no mark. */
  readonly check: () => void | Promise<void>
  /** What the rule says now, changing nothing. */
  readonly peek: (wanted: Wanted) => Verdict | Promise<Verdict>
  /** Decides, and on `advance` returns only when the raised mark would survive a power cut. Deciding and raising are one step. */
  readonly reserve: (wanted: Wanted) => Verdict | Promise<Verdict>
  /** Keeps the signature beside the mark it belongs to; losing it is harmless. */
  readonly keepSignature: (wanted: Wanted, signature: string) => void | Promise<void>
  /** The last known marks, from memory. */
  readonly marks: () => readonly MarkRecord[]
}

/** The answer to an operator's raise. */
export type RaiseOutcome =
  | { readonly outcome: 'raised'; readonly from: MarkRecord }
  | {
      readonly outcome: 'refused'
      readonly reason: 'no-mark' | 'not-higher'
      readonly mark: MarkRecord | undefined
    }

/** A level and round for one mark. */
export type Position = MarkKey & { readonly level: number; readonly round: number }
