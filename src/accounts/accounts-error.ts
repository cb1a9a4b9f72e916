/**
 * Why accounts cannot be served at all; what one request alone did wrong is an `AccountsRefusal`.
 * - `store-unavailable`: the store did not take or tell something; nothing that it did not keep was answered.
 * - `store-damaged`: what the store tells is not what was written; nothing is guessed.
 * - `store-in-use`: another process owns the store.
 */
export type AccountsErrorCode = 'store-unavailable' | 'store-damaged' | 'store-in-use'

/** The store of accounts, or what it holds, cannot be used. */
export class AccountsError extends Error {
  readonly code: AccountsErrorCode

  constructor(code: AccountsErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'AccountsError'
    this.code = code
  }
}
