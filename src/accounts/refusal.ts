import type { AccountsErrorCode } from './accounts-error.js'

/**
 * Why something was not done with a managed account or its vault. The first word of what a caller sees.
 * Who asks: `api-key-missing`, `api-key-invalid`, `scope-missing`, `rate-limit`. The request: `malformed-request`,
 * `idempotency-conflict`, `unknown-account` (there is none, or it is somebody else's), `custody-not-configured`. Rules:
 * `kind-not-allowed`, `chain-not-allowed`, `transaction-not-allowed`. The vault: `vault-missing`, `vault-exists`,
 * `vault-locked`, `vault-wrong-secret` (the passphrase or code is wrong, or the slot was changed),
 * `vault-wrong-device`, `vault-device-failed` (it gave no signature), `vault-device-unsteady` (it signed one label in
 * two ways), `vault-few-slots`, `vault-slot-unknown`, `vault-busy` (it was changed meanwhile), `vault-record-damaged`
 * (an account's key is not what was written), `kdf-too-costly`, `weak-passphrase`. The token: `token-failed`. What was
 * signed: `signature-invalid`. The rest is the store: asking again may help.
 */
export type AccountsRefusalCode =
  | 'api-key-missing'
  | 'api-key-invalid'
  | 'scope-missing'
  | 'rate-limit'
  | 'malformed-request'
  | 'idempotency-conflict'
  | 'unknown-account'
  | 'custody-not-configured'
  | 'kind-not-allowed'
  | 'chain-not-allowed'
  | 'transaction-not-allowed'
  | 'vault-missing'
  | 'vault-exists'
  | 'vault-locked'
  | 'vault-wrong-secret'
  | 'vault-wrong-device'
  | 'vault-device-failed'
  | 'vault-device-unsteady'
  | 'vault-few-slots'
  | 'vault-slot-unknown'
  | 'vault-busy'
  | 'vault-record-damaged'
  | 'kdf-too-costly'
  | 'weak-passphrase'
  | 'token-failed'
  | 'signature-invalid'
  | AccountsErrorCode

/** A refusal in words: what, which value, which limit, and the remedy. Never a secret. */
export type AccountsRefusal = { readonly code: AccountsRefusalCode; readonly message: string }

/** Nothing was done, and why. */
export type AccountsRefused = { readonly outcome: 'refused'; readonly refusal: AccountsRefusal }

/** Shorthand for a refusal. */
export function refused(code: AccountsRefusalCode, message: string): AccountsRefused {
  return { outcome: 'refused', refusal: { code, message } }
}
