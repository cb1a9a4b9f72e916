import type { JournalForm } from '../../policy/index.js'
import { accountsEntrySchema, type AccountsEntry } from './accounts-entry.js'
import {
  accountsEntries,
  adoptAccounts,
  applyAccountsEntry,
  emptyAccounts,
  type AccountsState,
} from './accounts-state.js'

/** The form of `accounts.journal`. */
export const accountsForm: JournalForm<AccountsEntry, AccountsState> = {
  name: 'accounts',
  format: 'tezio-bridge-accounts',
  version: 1,
  schema: accountsEntrySchema,
  empty: emptyAccounts,
  apply: applyAccountsEntry,
  entries: accountsEntries,
  forget: () => undefined, // an account is for good
  adopt: adoptAccounts,
  ended: () => undefined,
  words: {
    missing: (path) => `${path} does not exist; restore it, for it holds the accounts`,
    exists: (path) => `${path} exists; the accounts in it are never made anew`,
    gone: (directory) =>
      `the journal of accounts in ${directory} is gone, and it was there before; stop the daemon and restore it`,
  },
}
