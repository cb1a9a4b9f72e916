import {
  counted,
  exactly,
  fixed,
  int64,
  named,
  nothing,
  optional,
  rest,
  sequence,
  shortCounted,
  tagged,
  unwalkable,
  zarith,
  type Layout,
} from './layout.js'
import { entrypointName, NAMED_ENTRYPOINT } from './entrypoint.js'
import type { OperationKind } from './operation-kind.js'

/** How a content is laid out behind its tag byte, and whether others may stand in the same operation. */
export type ContentLayout = { readonly batching: 'manager' | 'alone'; readonly body: Layout }

const publicKeyHash = sequence(
  tagged([0x00, 0x01, 0x02, 0x03, 0x04].map((tag) => [tag, nothing] as const)),
  fixed(20),
)
const publicKey = tagged([
  [0x00, fixed(32)],
  [0x01, fixed(33)],
  [0x02, fixed(33)],
  [0x03, fixed(48)],
  [0x04, fixed(1312)],
])
const originated = sequence(fixed(20), exactly(0x00))
const contract = tagged([
  [0x00, publicKeyHash],
  [0x01, originated],
])
const entrypoint: Layout = (bytes, at) => {
  const end = anyEntrypoint(bytes, at)
  return end !== undefined && entrypointName(bytes.subarray(at, end)) !== undefined ? end : undefined
}
const anyEntrypoint = tagged([
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((tag) => [tag, nothing] as const),
  [NAMED_ENTRYPOINT, shortCounted],
])
const proof = optional(counted((size) => size === 96))
const rollup = named('rollup', fixed(20))
const commitment = fixed(32 + 4 + 32 + 8)

const managerHead = sequence(
  named('source', publicKeyHash),
  named('fee', int64),
  named('counter', int64),
  named('gasLimit', int64),
  named('storageLimit', int64),
)
const manager = (...fields: readonly Layout[]): ContentLayout => ({
  batching: 'manager',
  body: sequence(managerHead, ...fields),
})
const alone = (...fields: readonly Layout[]): ContentLayout => ({
  batching: 'alone',
  body: sequence(...fields),
})

/**
 * The layout of every kind of content. Of those marked `rest` the end is not looked for: they are alone, and the
 * protocol reads no content behind them. Those marked `unwalkable` may be batched, and hide what follows.
 * Source: octez `operation_repr.ml:578-643,1145-1712`, and for the fields of the smart rollup kinds the published
 * `client-libs/kaitai-struct-files/files/id_024__pttallin__operation__unsigned.ksy`.
 */
export const CONTENT_LAYOUTS: Readonly<Record<Exclude<OperationKind, 'unknown'>, ContentLayout>> = {
  seed_nonce_revelation: alone(fixed(4 + 32)),
  double_consensus_operation_evidence: alone(fixed(2), counted(), counted()),
  double_baking_evidence: alone(counted(), counted()),
  activate_account: alone(fixed(20 + 20)),
  proposals: alone(
    named('source', publicKeyHash),
    named('period', fixed(4)),
    counted((size) => size % 32 === 0),
  ),
  ballot: alone(
    named('source', publicKeyHash),
    named('period', fixed(4)),
    named('proposal', fixed(32)),
    named('ballot', tagged([0x00, 0x01, 0x02].map((vote) => [vote, nothing] as const))),
  ),
  vdf_revelation: alone(fixed(100 + 100)),
  drain_delegate: alone(
    named('consensusKey', publicKeyHash),
    named('delegate', publicKeyHash),
    named('drainedTo', publicKeyHash),
  ),
  failing_noop: alone(counted()),
  preattestation: alone(fixed(2 + 4 + 4 + 32)),
  attestation: alone(fixed(2 + 4 + 4 + 32)),
  attestation_with_dal: alone(fixed(2 + 4 + 4 + 32), zarith),
  dal_entrapment_evidence: alone(rest),
  preattestations_aggregate: alone(rest),
  attestations_aggregate: alone(rest),
  bls_mode_preattestation: alone(fixed(4 + 4 + 32)),
  bls_mode_attestation: alone(fixed(4 + 4 + 32)),
  reveal: manager(named('publicKey', publicKey), proof),
  transaction: manager(
    named('amount', int64),
    named('destination', contract),
    optional(sequence(named('entrypoint', entrypoint), counted())),
  ),
  origination: manager(
    named('balance', int64),
    optional(named('delegate', publicKeyHash)),
    counted(),
    counted(),
  ),
  delegation: manager(optional(named('delegate', publicKeyHash))),
  register_global_constant: manager(counted()),
  set_deposits_limit: manager(optional(named('limit', int64))),
  increase_paid_storage: manager(zarith, named('destination', sequence(exactly(0x01), originated))),
  update_consensus_key: manager(named('publicKey', publicKey), proof),
  update_companion_key: manager(named('publicKey', publicKey), proof),
  transfer_ticket: manager(
    counted(),
    counted(),
    named('ticketer', contract),
    named('ticketAmount', zarith),
    named('destination', contract),
    named('entrypointText', counted()),
  ),
  smart_rollup_originate: manager(fixed(1), counted(), counted(), optional(counted())),
  smart_rollup_add_messages: manager(counted()),
  smart_rollup_cement: manager(rollup),
  smart_rollup_publish: manager(rollup, commitment),
  smart_rollup_refute: manager(unwalkable),
  smart_rollup_timeout: manager(rollup, publicKeyHash, publicKeyHash),
  smart_rollup_execute_outbox_message: manager(rollup, fixed(32), counted()),
  smart_rollup_recover_bond: manager(rollup, named('staker', publicKeyHash)),
  dal_publish_commitment: manager(fixed(1 + 48 + 96)),
  zk_rollup_origination: manager(unwalkable),
  zk_rollup_publish: manager(unwalkable),
  zk_rollup_update: manager(unwalkable),
}
