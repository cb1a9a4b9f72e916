import type { AccountsStore } from './accounts-store.js'
import type { AccountsToken } from './accounts-token.js'
import type { AccountsSettings } from './settings.js'
import type { Vault } from './vault/vault.js'

/** What accounts are served with. */
export type AccountsParts = {
  readonly settings: AccountsSettings
  readonly store: AccountsStore
  /** `undefined` where none is configured. */
  readonly vault: Vault | undefined
  readonly token: AccountsToken | undefined
  /** Tells this daemon from others that share the store. */
  readonly host: string
  readonly now?: () => Date
}
