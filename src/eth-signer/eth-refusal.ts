import type { DeviceFailureCode, StateErrorCode, TurnRefusal } from '../policy/index.js'

/** The rules by the numbers that docs and tests use for them; src/eth-signer/README.md says what each is. */
export type EthRuleName = 'E1' | 'E2' | 'E3' | 'E4' | 'E5' | 'E6' | 'E7' | 'E8' | 'E9' | 'E10'

/**
 * Why nothing was signed. Caller: `unauthenticated-request`, `malformed-request`. Claims: `not-in-distribution`,
 * `leaf-mismatch`, `claim-exists`. Typed data and messages: `typed-data-not-allowed`, `message-not-allowed`. Transfers: from
 * `chain-not-allowed` to `idempotency-key-reused`. Key and device: `wrong-key` (the device holds another key than the one
 * that is configured), `device-capability-missing`, `device-bad-signature`, `nonce-repeated` (the device used an ECDSA nonce
 * twice). The rest is the bridge, its state or its device: asking again later may help.
 */
export type EthRefusalCode =
  | 'unauthenticated-request'
  | 'malformed-request'
  | 'not-configured'
  | 'not-in-distribution'
  | 'leaf-mismatch'
  | 'claim-exists'
  | 'typed-data-not-allowed'
  | 'message-not-allowed'
  | 'chain-not-allowed'
  | 'transaction-type-not-allowed'
  | 'destination-not-allowed'
  | 'data-not-empty'
  | 'gas-not-allowed'
  | 'value-too-high'
  | 'fee-too-high'
  | 'spend-limit'
  | 'clock-went-back'
  | 'nonce-used'
  | 'replacement-not-allowed'
  | 'idempotency-key-reused'
  | 'wrong-key'
  | 'device-capability-missing'
  | 'device-bad-signature'
  | 'nonce-repeated'
  | TurnRefusal
  | DeviceFailureCode
  | StateErrorCode

/** A refusal in words: what, which value, which limit, and the remedy. Never a payload or a secret. */
export type EthRefusal = {
  readonly outcome: 'refused'
  readonly code: EthRefusalCode
  readonly message: string
  /** The rule that refused, where one did. */
  readonly rule?: EthRuleName
}

/** Shorthand for a refusal. */
export function refuse(code: EthRefusalCode, message: string, rule?: EthRuleName): EthRefusal {
  return { outcome: 'refused', code, message, ...(rule === undefined ? {} : { rule }) }
}
