import type { ChainId } from './chain.js'
import type { OperationContent } from './operation-content.js'

/** The three kinds that carry a high-water mark; all attestation forms share one. */
export type MarkKind = 'block' | 'preattestation' | 'attestation'

/** Every mark kind, in the order a level goes through them. */
export const MARK_KINDS: readonly MarkKind[] = ['block', 'preattestation', 'attestation']

/** A payload that may be signed at most once for its chain, key, kind, level and round. */
export type ConsensusSignable = {
  readonly kind: MarkKind
  readonly magicByte: 0x11 | 0x12 | 0x13
  /** The name the protocol gives it, from the tag byte: `attestation_with_dal`, `bls_mode_attestation`, ... */
  readonly operation: string
  /** `slot`: votes of tz1 to tz3 keys; `bls`: votes of tz4 keys, shorter by the slot. */
  readonly layout: 'block' | 'slot' | 'bls'
  readonly chainId: ChainId
  /** Non-negative, at most 2^31 - 1. */
  readonly level: number
  /** Non-negative, at most 2^31 - 1. */
  readonly round: number
}

/** An operation (0x03): its contents in order, ending with `unknown` where the walk had to stop. */
export type OperationSignable = {
  readonly kind: 'operation'
  readonly magicByte: 0x03
  readonly contents: readonly OperationContent[]
}

/** Payloads named by their first byte alone; what follows it is not read. */
export type OpaqueSignable =
  | { readonly kind: 'authenticated_request'; readonly magicByte: 0x04 }
  | { readonly kind: 'michelson_data'; readonly magicByte: 0x05 }
  | { readonly kind: 'offchain_message'; readonly magicByte: 0x80 }

/** A payload whose meaning is known. */
export type Signable = ConsensusSignable | OperationSignable | OpaqueSignable

/** What `parseSignable` makes of bytes. It never throws. */
export type Parsed =
  | { readonly outcome: 'parsed'; readonly signable: Signable }
  | { readonly outcome: 'unknown-magic-byte'; readonly magicByte: number }
  | { readonly outcome: 'malformed'; readonly reason: string }

/** Whether a payload carries a high-water mark. */
export function isConsensus(signable: Signable): signable is ConsensusSignable {
  return signable.kind === 'block' || signable.kind === 'preattestation' || signable.kind === 'attestation'
}
