import type { DeviceErrorCode } from '../device/index.js'
import type { Denial, HookFault, RuleName, SignEvent } from '../policy/index.js'
import { REFUSAL_CODES } from '../server/index.js'
import type { PublicKeyHash } from '../tezos/index.js'

/** The label of whatever no configuration names. */
export const UNKNOWN = 'unknown'

/** Kinds of payloads, closed: a request cannot add one. */
export const KINDS: readonly string[] = [
  'block',
  'preattestation',
  'attestation',
  'operation',
  'michelson_data',
]

/** Refusals by the rules of a key or of the listener. */
export const POLICY_RULES: readonly string[] = [
  'unknown-key',
  'client-not-allowed',
  'magic-byte-not-allowed',
  'operation-not-allowed',
  'chain-not-allowed',
  'transaction-not-allowed',
  'spend-limit',
  'rate-limit',
  'outside-hours',
  'hook-refused',
  'hook-unavailable',
  'peer-not-allowed',
  'host-not-allowed',
  'origin-not-allowed',
  'known-keys-not-allowed',
]

/** The rules that one code stands for: where money goes, how much of it, and for whom. */
const TRANSACTION_RULES: readonly RuleName[] = [
  'transactions.source',
  'transactions.destinations',
  'transactions.entrypoints',
  'transactions.max_mutez',
  'transactions.max_fee_mutez',
]

const SPLIT_CODE = 'transaction-not-allowed'

/** What `tezio_policy_denials_total` counts: the code of a refusal, or the rule where a code stands for several. */
export const RULE_LABELS: readonly string[] = [
  ...POLICY_RULES.filter((code) => code !== SPLIT_CODE),
  ...TRANSACTION_RULES,
]

/** The label of a refusal by a rule. */
export function ruleLabel(code: string, rule: RuleName | undefined): string {
  if (code !== SPLIT_CODE) return code
  return rule !== undefined && TRANSACTION_RULES.includes(rule) ? rule : UNKNOWN
}

/** Refusals by a mark, or by the chain's head, which speaks of a level gap as well. */
export const MARK_DENIALS: readonly string[] = Object.keys({
  'no-mark': true,
  'below-mark': true,
  'conflicts-with-mark': true,
  'level-gap': true,
} satisfies Readonly<Record<Denial, true>>)

export const AUTHENTICATION_FAILURES: readonly string[] = ['authentication-missing', 'authentication-invalid']

/** Every way in which the device, its port or a command can fail. */
export const DEVICE_ERRORS: readonly string[] = Object.keys({
  'device-unavailable': true,
  'device-busy': true,
  'device-lost': true,
  'device-timeout': true,
  'device-reply-damaged': true,
  'device-watermark': true,
  'device-policy': true,
  'device-failed': true,
  'device-refused': true,
  'wrong-device': true,
  'port-not-found': true,
  'port-busy': true,
  'port-permission': true,
  'port-failed': true,
  'module-failed': true,
  'token-not-found': true,
  'token-key-missing': true,
  'pin-refused': true,
} satisfies Readonly<Record<DeviceErrorCode, true>>)

/**
 * Refusals that the board itself gave, and what they are as an error of the device: the link calls them answered
 * commands. `signature-lost` is the board's own mark once more, met by a payload that the bridge's mark allows.
 */
export const BOARD_REFUSALS: ReadonlyMap<string, DeviceErrorCode> = new Map([
  ['device-watermark', 'device-watermark'],
  ['signature-lost', 'device-watermark'],
  ['device-policy', 'device-policy'],
  ['device-failed', 'device-failed'],
  ['device-refused', 'device-refused'],
])

/** Commands that the driver sends by itself. */
export const COMMANDS: readonly string[] = ['SIGN', 'GET_PK', 'VERIFY']

/** Where bytes that belong to no reply were heard. */
export const NOISE_REASONS: readonly string[] = ['idle', 'command', 'resync']

/** Every way in which a policy hook gives no answer. */
export const HOOK_FAULTS: readonly string[] = Object.keys({
  timeout: true,
  'connection-failed': true,
  'bad-status': true,
  'too-long': true,
  malformed: true,
  'not-signed': true,
  'wrong-nonce': true,
} satisfies Readonly<Record<HookFault, true>>)

/** A decision's labels: only what the configuration names, or what this program names itself. */
export function decisionLabels(keys: ReadonlySet<PublicKeyHash>, { key, kind = UNKNOWN }: SignEvent) {
  return { key: keys.has(key) ? key : UNKNOWN, kind: KINDS.includes(kind) ? kind : UNKNOWN }
}

/** A refusal's code as a label; empty for an answer that is no refusal. */
export function codeLabel(code: string | undefined): string {
  if (code === undefined) return ''
  return REFUSAL_CODES.includes(code) ? code : UNKNOWN
}
