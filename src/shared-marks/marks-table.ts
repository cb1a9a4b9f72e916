import type {
  LevelGap,
  Mark,
  MarkRecord,
  Position,
  Quarantine,
  RaiseOutcome,
  Spend,
  SpendVerdict,
  SpendWindow,
  Wanted,
  WantedSpend,
} from '../policy/index.js'
import type { PublicKeyHash } from '../tezos/index.js'

/** What one conditional raise did: `raised` only when this very call wrote the mark that stands now. */
export type TableRaise = { readonly raised: boolean; readonly stands: Mark | undefined }

/** All that a table says at one instant. */
export type TableContents = {
  readonly marks: readonly MarkRecord[]
  readonly quarantines: readonly Quarantine[]
  readonly spends: readonly Spend[]
}

/**
 * Marks that several hosts share. Each method rejects with a StateError, within the table's own deadline:
 * `marks-unavailable` where no answer came that counts, and then a change may or may not have been made;
 * `marks-schema` where the table is not as it must be. No method lowers a mark.
 */
export type MarksTable = {
  /** Where it is, for messages; nothing secret. */
  readonly place: string
  /** Throws where there is no table that can be used. */
  readonly check: () => Promise<void>
  /** Everything there is. */
  readonly read: () => Promise<TableContents>
  /**
   * Raises a mark to `wanted`, durably, in one step that no other host comes between. It does so where there is a mark,
   * which is lower than `wanted`, not below `floor`, and not too far below; a mark never signed with at level 0 is never
   * too far. Called again with the same payload it says `raised: false` and what stands.
   */
  readonly raise: (
    wanted: Wanted,
    floor: Pick<Mark, 'level' | 'round'> | undefined,
    gap: LevelGap,
  ) => Promise<TableRaise>
  /** Keeps a signature where the mark still stands at its payload; else does nothing. */
  readonly keepSignature: (wanted: Wanted, signature: string) => Promise<void>
  /** Sets the first mark of each place that has none, and says which were new. */
  readonly seed: (seeds: readonly Position[]) => Promise<readonly Position[]>
  /** Raises a mark by hand, without a payload. */
  readonly raiseByHand: (position: Position) => Promise<RaiseOutcome>
  /** Raises a mark to what another signer's state says, where it is higher; whether it did. */
  readonly raiseTo: (mark: Position & Pick<Mark, 'digest' | 'signature'>) => Promise<boolean>
  readonly quarantine: (key: PublicKeyHash, digest: string) => Promise<void>
  /** Lets a key sign again; whether it was in quarantine. */
  readonly clearQuarantine: (key: PublicKeyHash) => Promise<boolean>
  /** Decides over all hosts' spends by the table's own clock, and writes the spend down; both are one step. */
  readonly reserveSpend: (wanted: WantedSpend, windows: readonly SpendWindow[]) => Promise<SpendVerdict>
  readonly close: () => Promise<void>
}
