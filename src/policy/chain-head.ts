import type { ChainId } from '../tezos/index.js'

/** What a node said of its head, or why it said nothing that can be used: words for the operator, never an address. */
export type HeadAnswer =
  | { readonly outcome: 'head'; readonly level: number }
  | { readonly outcome: 'unknown'; readonly reason: string }

/** What the head check needs of a node, whatever speaks to it. */
export type ChainHead = {
  /** The head of `chain`, asked for once. It never rejects, and gives up when `signal` is aborted. */
  readonly head: (chain: ChainId, signal: AbortSignal) => Promise<HeadAnswer>
}
