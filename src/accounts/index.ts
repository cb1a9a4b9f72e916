/** Accounts that the bridge makes and keeps for others, in a vault or in a token. Read accounts-service.ts first. */
export type { AccountRecord, CreationIntent, Custody, TokenAccount, VaultAccount } from './account-record.js'
export { AccountsError, type AccountsErrorCode } from './accounts-error.js'
export type { AccountsParts } from './accounts-parts.js'
export {
  AccountsService,
  type AccountCreated,
  type AccountFound,
  type AccountSigned,
  type AccountsStatus,
  type AccountView,
} from './accounts-service.js'
export type { AccountsStore, VaultHeader } from './accounts-store.js'
export type { AccountsToken } from './accounts-token.js'
export { ownerSchema } from './api-keys/api-key-file.js'
export { ApiKeyRing } from './api-keys/api-key-ring.js'
export {
  createApiKey,
  listApiKeys,
  revokeApiKey,
  type ApiKeyView,
  type NewApiKey,
} from './api-keys/api-keys.js'
export { SCOPES, type AccountsCaller, type Scope } from './caller.js'
export { AccountsJournal, type AccountsJournalOptions } from './journal/accounts-journal.js'
export type { AccountsRefusal, AccountsRefusalCode, AccountsRefused } from './refusal.js'
export { SIGN_KINDS, type AccountsSettings, type SignKind } from './settings.js'
export { SCRYPT, type Kdf } from './vault/kdf.js'
export type { KeySlot } from './vault/key-slot.js'
export { SHORTEST_PASSPHRASE, type SlotAdded, type WantedSlot } from './vault/new-slot.js'
export type { Opened } from './vault/open-vault.js'
export type { LabelAnswer, VaultDevice } from './vault/vault-device.js'
export { Vault, type VaultOptions } from './vault/vault.js'
export { exportAccount, importAccount } from './keystore/move-account.js'
