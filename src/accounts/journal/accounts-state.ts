import { StateError } from '../../policy/index.js'
import type { AccountRecord, CreationIntent } from '../account-record.js'
import type { VaultHeader } from '../accounts-store.js'
import type { AccountsEntry } from './accounts-entry.js'

/** What the lines of `accounts.journal` add up to. */
export type AccountsState = {
  vault: VaultHeader | undefined
  /** By address. */
  readonly accounts: Map<string, AccountRecord>
  /** Those with an idempotency key, by `callOf`. */
  readonly calls: Map<string, AccountRecord>
  /** By the id of the account. */
  readonly intents: Map<string, CreationIntent>
}

/** What an owner may call a creation. */
export type Called = { readonly owner: string; readonly idempotencyKey?: string | undefined }

/** One name for an owner and what it called a creation; `undefined` where it called it nothing. */
export function callOf({ owner, idempotencyKey }: Called): string | undefined {
  return idempotencyKey === undefined ? undefined : JSON.stringify([owner, idempotencyKey])
}

/** Before the first line. */
export function emptyAccounts(): AccountsState {
  return { vault: undefined, accounts: new Map(), calls: new Map(), intents: new Map() }
}

/** Takes one line into the state, or tells why it cannot follow what came before; then nothing was changed. */
export function applyAccountsEntry(state: AccountsState, entry: AccountsEntry): string | undefined {
  switch (entry.type) {
    case 'segment':
      return undefined
    case 'vault':
      return applyVault(state, entry.vault)
    case 'account':
      return applyAccount(state, entry.account)
    case 'intent': {
      const { accountId } = entry.intent
      if (state.intents.has(accountId)) return `it begins ${accountId} twice`
      state.intents.set(accountId, entry.intent)
      return undefined
    }
    case 'intent-closed':
      return state.intents.delete(entry.accountId) ? undefined : `${entry.accountId} was not begun`
  }
}

/** The lines that say all of a state. */
export function* accountsEntries({ vault, accounts, intents }: AccountsState): Generator<AccountsEntry> {
  if (vault !== undefined) yield { type: 'vault', at: vault.createdAt, vault }
  for (const account of accounts.values()) yield { type: 'account', at: account.createdAt, account }
  for (const intent of intents.values()) yield { type: 'intent', at: intent.createdAt, intent }
}

/** Takes over what reached the file without being known. Throws `journal-replaced` for a file that lost something. */
export function adoptAccounts(known: AccountsState, found: AccountsState): void {
  const lost = [...known.accounts.keys()].find((address) => !found.accounts.has(address))
  const before = known.vault
  const isOlder =
    before !== undefined &&
    (found.vault?.vaultId !== before.vaultId || found.vault.revision < before.revision)
  if (lost !== undefined || isOlder) {
    const text = `the journal went back behind ${lost === undefined ? 'the known slots of the vault' : `the known account ${lost}`}; restore it`
    throw new StateError('journal-replaced', text)
  }
  known.vault = found.vault
  known.intents.clear()
  for (const [id, intent] of found.intents) known.intents.set(id, intent)
  for (const account of found.accounts.values()) {
    if (!known.accounts.has(account.address)) put(known, account)
  }
}

function applyVault(state: AccountsState, vault: VaultHeader): string | undefined {
  const before = state.vault
  if (before !== undefined && before.vaultId !== vault.vaultId) return 'it names a second vault'
  if (before !== undefined && vault.revision !== before.revision + 1)
    return 'it changes the slots out of turn'
  state.vault = vault
  return undefined
}

function applyAccount(state: AccountsState, account: AccountRecord): string | undefined {
  const call = callOf(account)
  if (state.accounts.has(account.address)) return `it makes ${account.address} twice`
  if (call !== undefined && state.calls.has(call)) return `it makes a second account of one call`
  put(state, account)
  state.intents.delete(account.accountId)
  return undefined
}

function put(state: AccountsState, account: AccountRecord): void {
  const call = callOf(account)
  state.accounts.set(account.address, account)
  if (call !== undefined) state.calls.set(call, account)
}
