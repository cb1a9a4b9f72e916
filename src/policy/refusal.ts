import type { Denial } from './decide.js'
import type { RuleName } from './rule-name.js'
import type { DeviceFailureCode } from './signing-device.js'
import type { StateErrorCode } from './state-error.js'

/**
 * Why a request was not answered with a signature. The first word of every error that a client sees.
 * Malformed: `malformed-payload`, `payload-too-long`. Authentication: `authentication-missing`,
 * `authentication-invalid`. Policy: `client-not-allowed`, `unknown-key`, `magic-byte-not-allowed`, `operation-not-allowed`,
 * `chain-not-allowed`, `transaction-not-allowed`, `spend-limit`, `rate-limit`, `outside-hours`. Marks: the denials and `signature-lost` (the device holds its mark, and the reply that carried
 * the signature was lost). Head: `level-gap` once more, and `head-unknown` (the node does not tell it). Hook: `hook-refused`, `hook-unavailable` (it gave no answer that
 * counts). The rest is the bridge, its state or its device: asking again later may help.
 */
export type RefusalCode =
  | 'malformed-payload'
  | 'payload-too-long'
  | 'unknown-key'
  | 'authentication-missing'
  | 'authentication-invalid'
  | 'client-not-allowed'
  | 'magic-byte-not-allowed'
  | 'operation-not-allowed'
  | 'chain-not-allowed'
  | 'transaction-not-allowed'
  | 'spend-limit'
  | 'rate-limit'
  | 'outside-hours'
  | 'head-unknown'
  | 'hook-refused'
  | 'hook-unavailable'
  | 'signature-lost'
  | 'signature-invalid'
  | 'nonce-repeated'
  | 'queue-full'
  | 'deadline-passed'
  | 'client-gone'
  | 'shutting-down'
  | Denial
  | DeviceFailureCode
  | StateErrorCode

/** A refusal in words: what, which value, which limit, and the remedy. Never a payload or a secret. */
export type Refusal = {
  readonly code: RefusalCode
  readonly message: string
  /** The rule of the key that refused, where one did. */
  readonly rule?: RuleName
}

/** Shorthand for a refusal. */
export function refuse(code: RefusalCode, message: string, rule?: RuleName): Refusal {
  return rule === undefined ? { code, message } : { code, message, rule }
}
