import type { AccountsCaller, AccountsToken } from '../../accounts/index.js'
import { monotonicClock } from '../../clock.js'
import type { AccountsConfig } from '../../config/index.js'
import type { GuardedSigner } from '../../policy/index.js'
import type { AccountJobs } from '../../server/ethereum/index.js'
import { accountsOfHosts } from '../accounts/accounts-of-hosts.js'
import { openAccounts, type OpenAccounts } from '../accounts/open-accounts.js'
import { inTurn, vaultDevices } from '../accounts/vault-devices.js'
import type { DeviceSet } from '../device-set.js'
import type { EventSink } from '../event-sink.js'
import type { ServedConfig } from '../served-config.js'
import { packageFile } from '../version.js'
import { accountJobs } from './accounts-jobs.js'

/** Accounts in a daemon. */
export type ServedAccounts = {
  readonly jobs: AccountJobs<AccountsCaller>
  readonly control: OpenAccounts['control']
  readonly end: () => Promise<void>
}

/** The name of the token of accounts, in events and messages. */
const TOKEN = 'accounts.hsm'
/** How long a board may take to be found before the vault is given up, in ms. */
const FIRST_CONTACT_MS = 60_000

/** Opens the accounts of a configuration. Rejects with an AccountsError or a StateError. */
export async function startAccounts(
  config: ServedConfig,
  settings: AccountsConfig,
  { devices, signer, onEvent }: { devices: DeviceSet; signer: GuardedSigner; onEvent: EventSink },
): Promise<ServedAccounts> {
  const token = settings.hsm && (await openToken(config, settings.hsm, onEvent))
  const boards = vaultDevices(devices, settings.vault?.devices ?? [], inTurn(signer, monotonicClock))
  const store = await accountsOfHosts(config, onEvent)
  const open = openAccounts(config, {
    ...{ devices: boards, token: token?.token },
    ...(store === undefined ? {} : { store }),
  })
  if (open === undefined) throw new Error('accounts were opened without being configured')
  const { service, keys: apiKeys, vault } = open
  token?.onReady(async () => {
    try {
      await service.settle()
    } catch (error) {
      onEvent({ event: 'accounts.not-settled', reason: reasonOf(error) }) // what is left waits for the next time
    }
  })
  const typed = config.credentials.vaultPassphrase
  if (vault !== undefined && typed !== undefined) {
    void unlockOnce(devices, settings, () => vault.unlock(typed)).then((reason) => {
      typed.fill(0)
      onEvent(reason === undefined ? { event: 'vault.unlocked' } : { event: 'vault.not-unlocked', reason })
    })
  }
  return {
    jobs: accountJobs({ service, apiKeys, oldRoutes: settings.oldRoutes, onDecided: onEvent }),
    control: open.control,
    end: async () => {
      await open.close()
      await token?.close()
    },
  }
}

/** The token in a process of its own; what a crash left half done in it is settled whenever it is found. */
async function openToken(
  { credentials }: ServedConfig,
  { module, token, timeoutMs }: NonNullable<AccountsConfig['hsm']>,
  onEvent: EventSink,
) {
  const { AccountsToken: Token } = await import('../../device/pkcs11/accounts-token.js')
  let settle: () => Promise<void> = () => Promise.resolve()
  const device = new Token({
    ...{ module, token, pin: credentials.accountsPin ?? '', timeoutMs },
    worker: packageFile('dist/src/device/pkcs11/worker.js'),
    onEvent: (event) => {
      onEvent({ ...event, device: TOKEN })
      if (event.event === 'device.ready') void settle()
    },
  })
  const asked: AccountsToken = {
    name: TOKEN,
    ready: (ms) => device.ready(ms),
    generate: (id) => device.generate(id),
    publicKeyOf: (id) => device.publicKeyOf(id),
    label: (id, address) => device.label(id, address),
    sign: (id, digest) => device.sign(id, digest),
  }
  return {
    token: asked,
    /** Begins to look for the token; `job` is done each time that it is found, and never rejects. */
    onReady: (job: () => Promise<void>) => {
      settle = job
      device.open()
    },
    close: () => device.close(),
  }
}

/** Opens the vault as soon as one of its boards was found; the reason where it was not. */
async function unlockOnce(
  devices: DeviceSet,
  { vault }: AccountsConfig,
  unlock: () => ReturnType<NonNullable<OpenAccounts['vault']>['unlock']>,
): Promise<string | undefined> {
  const boards = devices.list.filter(({ name }) => vault?.devices.includes(name))
  try {
    await Promise.any(boards.map((board) => board.firstContact(FIRST_CONTACT_MS)))
  } catch {
    return 'none of its boards was found'
  }
  try {
    const opened = await unlock()
    return opened.outcome === 'refused' ? `${opened.refusal.code}: ${opened.refusal.message}` : undefined
  } catch (error) {
    return reasonOf(error) // nobody waits for this, and the daemon goes on baking
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
