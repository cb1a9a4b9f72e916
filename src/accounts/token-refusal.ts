import { refused, type AccountsRefused } from './refusal.js'

/** How long a token that is being opened is waited for, in ms. */
export const TOKEN_MS = 5000

/** What a token rejected with, in words for whoever asked. */
export function tokenRefusal(name: string, error: unknown): AccountsRefused {
  const reason = error instanceof Error ? error.message : String(error)
  return refused('token-failed', `the token ${name} did not do it: ${reason}`)
}
