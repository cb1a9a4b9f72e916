/** What stands before the name of every account's key on a token (CKA_LABEL). */
export const ACCOUNT_PREFIX = 'acct:'

/** Whether a label says that a key is an account's. */
export function isAccountLabel(label: string): boolean {
  return label.startsWith(ACCOUNT_PREFIX)
}

/** Whether text names an account's key: 16 bytes in lower-case hex. */
export function isAccountId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text)
}
