import { hostname } from 'node:os'
import {
  AccountsJournal,
  AccountsService,
  ApiKeyRing,
  Vault,
  type AccountsStore,
  type AccountsToken,
  type VaultDevice,
} from '../../accounts/index.js'
import { monotonicClock } from '../../clock.js'
import type { Config } from '../../config/index.js'
import { accountsControl, type AccountsControl } from './accounts-control.js'

/** Accounts at work. */
export type OpenAccounts = {
  readonly service: AccountsService
  readonly vault: Vault | undefined
  readonly keys: ApiKeyRing
  /** What the command line asks of it. */
  readonly control: AccountsControl
  /** Wipes the vault's key, and gives the store back. */
  readonly close: () => Promise<void>
}

/** What a configuration with accounts is opened with. Whoever opens it owns the state directory. */
export type AccountsSurroundings = {
  readonly devices: readonly VaultDevice[]
  readonly token: AccountsToken | undefined
  /** By default the journal in the state directory. It is closed with the accounts. */
  readonly store?: AccountsStore
}

/** Opens the accounts of a configuration that has some. Throws an AccountsError. */
export function openAccounts(
  { accounts: settings, stateDir }: Pick<Config, 'accounts' | 'stateDir'>,
  { devices, token, store }: AccountsSurroundings,
): OpenAccounts | undefined {
  if (settings === undefined) return undefined
  const open = store ?? AccountsJournal.open({ directory: stateDir })
  const vault = settings.vault === undefined ? undefined : new Vault({ store: open, devices })
  const host = `${hostname()}:${stateDir}`
  const service = new AccountsService({ settings, store: open, vault, token, host })
  return {
    ...{ service, vault, keys: new ApiKeyRing(stateDir, monotonicClock) },
    control: accountsControl(service, vault, open),
    close: async () => {
      vault?.lock()
      await open.close()
    },
  }
}
