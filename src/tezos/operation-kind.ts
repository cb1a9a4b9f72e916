/**
 * Operation tags under the watermark 0x03, with the protocol's names.
 * Source: octez `operation_repr.ml:578-643,1145-1712` (mainnet protocol 025).
 */
const KIND = {
  1: 'seed_nonce_revelation',
  2: 'double_consensus_operation_evidence',
  3: 'double_baking_evidence',
  4: 'activate_account',
  5: 'proposals',
  6: 'ballot',
  8: 'vdf_revelation',
  9: 'drain_delegate',
  17: 'failing_noop',
  20: 'preattestation',
  21: 'attestation',
  23: 'attestation_with_dal',
  24: 'dal_entrapment_evidence',
  30: 'preattestations_aggregate',
  31: 'attestations_aggregate',
  40: 'bls_mode_preattestation',
  41: 'bls_mode_attestation',
  107: 'reveal',
  108: 'transaction',
  109: 'origination',
  110: 'delegation',
  111: 'register_global_constant',
  112: 'set_deposits_limit',
  113: 'increase_paid_storage',
  114: 'update_consensus_key',
  115: 'update_companion_key',
  158: 'transfer_ticket',
  200: 'smart_rollup_originate',
  201: 'smart_rollup_add_messages',
  202: 'smart_rollup_cement',
  203: 'smart_rollup_publish',
  204: 'smart_rollup_refute',
  205: 'smart_rollup_timeout',
  206: 'smart_rollup_execute_outbox_message',
  207: 'smart_rollup_recover_bond',
  230: 'dal_publish_commitment',
  250: 'zk_rollup_origination',
  251: 'zk_rollup_publish',
  252: 'zk_rollup_update',
} as const

/** The kind of one content of an operation; `unknown` for a tag or a layout that is not known. */
export type OperationKind = (typeof KIND)[keyof typeof KIND] | 'unknown'

const BY_TAG: ReadonlyMap<number, OperationKind> = new Map(
  Object.entries(KIND).map(([tag, kind]) => [Number(tag), kind]),
)

/** The names a configuration may use. */
export const OPERATION_KINDS: readonly OperationKind[] = Object.values(KIND)

/** The kind a content's tag byte stands for. */
export function operationKind(tag: number): OperationKind {
  return BY_TAG.get(tag) ?? 'unknown'
}

/** Votes, their aggregates included: they have watermarks of their own and are never operations of 0x03. */
export const VOTE_KINDS: readonly OperationKind[] = [
  'preattestation',
  'attestation',
  'attestation_with_dal',
  'preattestations_aggregate',
  'attestations_aggregate',
  'bls_mode_preattestation',
  'bls_mode_attestation',
]
