import { concatBytes, type OperationKind } from '../../src/tezos/index.js'
import { content, counted, filled, managerContent, zarithN } from './build-payload.js'

type Named = { readonly kind: OperationKind; readonly bytes: Uint8Array }

const NONE = Uint8Array.of(0x00)
const some = (...parts: readonly Uint8Array[]) => concatBytes(Uint8Array.of(0xff), ...parts)
const pkh = (tag: number) => concatBytes(Uint8Array.of(tag), filled(20))
const key = (tag: number, size: number) => concatBytes(Uint8Array.of(tag), filled(size))
const proof = some(counted(filled(96)))
const contract = concatBytes(Uint8Array.of(0x01), filled(20), Uint8Array.of(0x00))
const implicit = concatBytes(Uint8Array.of(0x00), pkh(0x02))
const amount = zarithN(2n ** 63n - 1n)
const michelson = counted(filled(300))

/** Contents that may be batched, each kind and each of its forms; none ends where a shorter one would be whole. */
export const MANAGER_CONTENTS: readonly Named[] = [
  { kind: 'reveal', bytes: managerContent(107, key(0x00, 32), NONE) },
  { kind: 'reveal', bytes: managerContent(107, key(0x01, 33), NONE) },
  { kind: 'reveal', bytes: managerContent(107, key(0x02, 33), NONE) },
  { kind: 'reveal', bytes: managerContent(107, key(0x03, 48), proof) },
  { kind: 'reveal', bytes: managerContent(107, key(0x04, 1312), NONE) },
  { kind: 'transaction', bytes: managerContent(108, amount, contract, NONE) },
  { kind: 'transaction', bytes: managerContent(108, amount, implicit, NONE) },
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((entrypoint) => ({
    kind: 'transaction' as const,
    bytes: managerContent(108, amount, contract, some(Uint8Array.of(entrypoint), michelson)),
  })),
  {
    kind: 'transaction',
    bytes: managerContent(108, amount, contract, some(Uint8Array.of(0xff, 31), filled(31), michelson)),
  },
  { kind: 'origination', bytes: managerContent(109, amount, NONE, michelson, michelson) },
  { kind: 'origination', bytes: managerContent(109, amount, some(pkh(0x03)), michelson, michelson) },
  { kind: 'delegation', bytes: managerContent(110, NONE) },
  { kind: 'delegation', bytes: managerContent(110, some(pkh(0x01))) },
  { kind: 'register_global_constant', bytes: managerContent(111, michelson) },
  { kind: 'set_deposits_limit', bytes: managerContent(112, NONE) },
  { kind: 'set_deposits_limit', bytes: managerContent(112, some(amount)) },
  { kind: 'increase_paid_storage', bytes: managerContent(113, amount, contract) },
  { kind: 'update_consensus_key', bytes: managerContent(114, key(0x02, 33), NONE) },
  { kind: 'update_consensus_key', bytes: managerContent(114, key(0x03, 48), proof) },
  { kind: 'update_companion_key', bytes: managerContent(115, key(0x03, 48), proof) },
  {
    kind: 'transfer_ticket',
    bytes: managerContent(158, michelson, michelson, contract, amount, implicit, counted(filled(7))),
  },
  { kind: 'smart_rollup_originate', bytes: managerContent(200, NONE, michelson, michelson, NONE) },
  {
    kind: 'smart_rollup_originate',
    bytes: managerContent(200, NONE, michelson, michelson, some(counted(pkh(0x00)))),
  },
  { kind: 'smart_rollup_add_messages', bytes: managerContent(201, counted(counted(filled(9)))) },
  { kind: 'smart_rollup_cement', bytes: managerContent(202, filled(20)) },
  { kind: 'smart_rollup_publish', bytes: managerContent(203, filled(20), filled(32 + 4 + 32 + 8)) },
  { kind: 'smart_rollup_timeout', bytes: managerContent(205, filled(20), pkh(0x00), pkh(0x01)) },
  {
    kind: 'smart_rollup_execute_outbox_message',
    bytes: managerContent(206, filled(20), filled(32), counted(filled(600))),
  },
  { kind: 'smart_rollup_recover_bond', bytes: managerContent(207, filled(20), pkh(0x03)) },
  { kind: 'dal_publish_commitment', bytes: managerContent(230, filled(1), filled(48), filled(96)) },
]

/** Contents that may be batched, of which the end cannot be found. */
export const UNWALKABLE_CONTENTS: readonly Named[] = [
  { kind: 'smart_rollup_refute', bytes: managerContent(204, filled(20), pkh(0x00), NONE, filled(64)) },
  { kind: 'zk_rollup_origination', bytes: managerContent(250, michelson) },
  { kind: 'zk_rollup_publish', bytes: managerContent(251, filled(20), counted(filled(8))) },
  { kind: 'zk_rollup_update', bytes: managerContent(252, filled(20), michelson) },
]

/** Contents that must be alone, and whose end is known. */
export const ALONE_CONTENTS: readonly Named[] = [
  { kind: 'seed_nonce_revelation', bytes: content(1, filled(4 + 32)) },
  {
    kind: 'double_consensus_operation_evidence',
    bytes: content(2, filled(2), counted(filled(139)), counted(filled(139))),
  },
  { kind: 'double_baking_evidence', bytes: content(3, counted(filled(241)), counted(filled(241))) },
  { kind: 'activate_account', bytes: content(4, filled(40)) },
  { kind: 'proposals', bytes: content(5, pkh(0x02), filled(4), counted(filled(64))) },
  { kind: 'ballot', bytes: content(6, pkh(0x00), filled(4 + 32), Uint8Array.of(0x02)) },
  { kind: 'vdf_revelation', bytes: content(8, filled(200)) },
  { kind: 'drain_delegate', bytes: content(9, pkh(0x00), pkh(0x01), pkh(0x03)) },
  { kind: 'failing_noop', bytes: content(17, counted(filled(11))) },
  { kind: 'preattestation', bytes: content(20, filled(42)) },
  { kind: 'attestation', bytes: content(21, filled(42)) },
  { kind: 'attestation_with_dal', bytes: content(23, filled(42, 0x2b), Uint8Array.of(0x80, 0x20)) },
  { kind: 'bls_mode_preattestation', bytes: content(40, filled(40)) },
  { kind: 'bls_mode_attestation', bytes: content(41, filled(40)) },
]

/** Contents that must be alone, and take all that remains. */
export const OPAQUE_CONTENTS: readonly Named[] = [
  { kind: 'dal_entrapment_evidence', bytes: content(24, filled(500)) },
  { kind: 'preattestations_aggregate', bytes: content(30, filled(60)) },
  { kind: 'attestations_aggregate', bytes: content(31, filled(60)) },
]
