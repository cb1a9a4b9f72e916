import { AccountsJournal, Vault, type AccountsStore, type VaultDevice } from '../../accounts/index.js'
import type { Config } from '../../config/index.js'
import { DeviceSet } from '../device-set.js'
import { RefusedError } from '../exit-code.js'
import { withMarks } from '../own-marks.js'
import { askPassphrase } from '../passphrase.js'
import { accountsOfHosts } from './accounts-of-hosts.js'
import { vaultDevices } from './vault-devices.js'

/** How long a board may take to be found, in ms. */
const CONTACT_MS = 15_000

/** The store and the vault of a configuration, opened for one command. */
export type OfflineAccounts = { readonly store: AccountsStore; readonly vault: Vault }

/**
 * Owns the state and opens the vault for as long as `use` takes, with a board and its passphrase or with the 24 words;
 * refuses while a daemon owns the state. Whatever happens, the vault is locked behind it.
 */
export function withOpenVault<Result>(
  config: Config,
  isRecovery: boolean,
  use: (accounts: OfflineAccounts) => Promise<Result>,
): Promise<Result> {
  return withMarks(config, () =>
    withDevices(config, isRecovery, async (devices) => {
      const store = (await accountsOfHosts(config)) ?? AccountsJournal.open({ directory: config.stateDir })
      const vault = new Vault({ store, devices })
      try {
        await unlock(vault, isRecovery)
        return await use({ store, vault })
      } finally {
        vault.lock()
        await store.close()
      }
    }),
  )
}

async function unlock(vault: Vault, isRecovery: boolean): Promise<void> {
  const secret = await askPassphrase(isRecovery ? 'The 24 words: ' : 'Passphrase of the vault: ')
  try {
    const opened = await (isRecovery ? vault.recover(secret.toString('utf8')) : vault.unlock(secret))
    if (opened.outcome === 'refused') {
      throw new RefusedError(`${opened.refusal.code}: ${opened.refusal.message}`)
    }
  } finally {
    secret.fill(0)
  }
}

/** The boards of the vault, found and recognised; none where words open it. */
async function withDevices<Result>(
  config: Config,
  isRecovery: boolean,
  use: (devices: readonly VaultDevice[]) => Promise<Result>,
): Promise<Result> {
  if (isRecovery) return use([])
  const names = config.accounts?.vault?.devices ?? []
  const boards = config.devices.filter(({ name }) => names.includes(name))
  const devices = await DeviceSet.create({ ...config, devices: boards }, new Map(), () => undefined)
  try {
    devices.open()
    await devices.firstContact(CONTACT_MS)
    return await use(vaultDevices(devices, names, (_device, sign) => sign()))
  } finally {
    await devices.close()
  }
}
