import type { PublicKeyHash } from '../tezos/index.js'
import type { Verdict } from './decide.js'
import type { Quarantine } from './journal-state.js'
import type { MarkKey, MarkRecord, Wanted } from './mark.js'
import type { NonceUse } from './nonce-watch.js'
import type { Spend, SpendVerdict, SpendWindow, WantedSpend } from './spend.js'

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
  /** What a key's spend windows say now, changing nothing. */
  readonly peekSpend: (
    wanted: WantedSpend,
    windows: readonly SpendWindow[],
  ) => SpendVerdict | Promise<SpendVerdict>
  /** Decides, and on `reserve` returns only when the spend would survive a power cut. Both are one step. */
  readonly reserveSpend: (
    wanted: WantedSpend,
    windows: readonly SpendWindow[],
  ) => SpendVerdict | Promise<SpendVerdict>
  /** What was let through and windows may still need, from memory. */
  readonly spends: () => readonly Spend[]
  /** The last known marks, from memory. */
  readonly marks: () => readonly MarkRecord[]
  /**
   * Takes a key out of use for good, for it used a nonce twice; `digest` is that of the payload whose signature was
   * withheld. It holds from the call on, also when writing it down fails.
   */
  readonly quarantine: (key: PublicKeyHash, digest: string) => void | Promise<void>
  /** The keys that are out of use, from memory. */
  readonly quarantines: () => readonly Quarantine[]
  /** Nonces of signatures that were made before this process began, as far as they are kept. */
  readonly nonces: () => readonly NonceUse[]
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
