import type { SignEvent } from '../policy/index.js'
import type { PublicKeyHash } from '../tezos/index.js'

/** The label of whatever no configuration names. */
export const UNKNOWN = 'unknown'

/** Kinds of payloads, closed: a request cannot add one. */
const KINDS: readonly string[] = ['block', 'preattestation', 'attestation', 'operation', 'michelson_data']

/** Refusals by the rules of a key or of the listener. */
export const POLICY_RULES = [
  'unknown-key',
  'magic-byte-not-allowed',
  'operation-not-allowed',
  'chain-not-allowed',
  'peer-not-allowed',
  'host-not-allowed',
  'origin-not-allowed',
  'known-keys-not-allowed',
] as const

export const MARK_DENIALS = ['no-mark', 'below-mark', 'conflicts-with-mark', 'level-gap'] as const

export const AUTHENTICATION_FAILURES: readonly string[] = ['authentication-missing', 'authentication-invalid']

/** Refusals that the board itself gave: the link calls them answered commands. */
export const BOARD_REFUSALS: readonly string[] = [
  'device-watermark',
  'device-policy',
  'device-failed',
  'device-refused',
]

/** Where bytes that belong to no reply were heard. */
export const NOISE_REASONS = ['idle', 'command', 'resync'] as const

/** A decision's labels: only what the configuration names, or what this program names itself. */
export function decisionLabels(keys: ReadonlySet<PublicKeyHash>, { key, kind }: SignEvent) {
  return {
    key: keys.has(key) ? key : UNKNOWN,
    kind: kind !== undefined && KINDS.includes(kind) ? kind : UNKNOWN,
  }
}
