import {
  AccountsError,
  type AccountsService,
  type AccountsStore,
  type KeySlot,
  type Vault,
  type WantedSlot,
} from '../../accounts/index.js'

/** One action of the command line on accounts. `secret` is wiped behind it. What is answered is plain JSON. */
export type AccountsControl = (
  action: string,
  query: Readonly<Record<string, string>>,
  secret: Uint8Array,
) => Promise<unknown>

/** A slot as it is told: without what is sealed in it. */
export type SlotView = {
  readonly slotId: string
  readonly kind: KeySlot['kind']
  readonly device?: string
  readonly createdAt: string
}

/** Answers the command line from inside the daemon. */
export function accountsControl(
  service: AccountsService,
  vault: Vault | undefined,
  store: AccountsStore,
): AccountsControl {
  const actions = vaultActions(vault, store)
  return async (action, query, secret) => {
    try {
      if (action === 'list') return { outcome: 'listed', accounts: await service.list() }
      if (action === 'status') return { outcome: 'told', ...(await service.status()) }
      const act = actions.get(action)
      return act === undefined
        ? refused('not-found', `there is no action ${action}`)
        : await act(query, secret)
    } catch (error) {
      if (error instanceof AccountsError) return refused(error.code, error.message)
      throw error
    } finally {
      secret.fill(0)
    }
  }
}

type Action = (query: Readonly<Record<string, string>>, secret: Uint8Array) => Promise<unknown>

function vaultActions(vault: Vault | undefined, store: AccountsStore): ReadonlyMap<string, Action> {
  const withVault =
    (
      act: (vault: Vault, query: Readonly<Record<string, string>>, secret: Uint8Array) => Promise<unknown>,
    ): Action =>
    (query, secret) =>
      vault === undefined
        ? Promise.resolve(refused('custody-not-configured', 'the configuration has no accounts.vault'))
        : act(vault, query, secret)
  return new Map<string, Action>([
    [
      'vault-create',
      withVault(async (one, query, passphrase) => {
        const made = await one.create(deviceSlot(query, passphrase))
        return made.outcome === 'refused'
          ? made
          : { outcome: 'created', slots: made.header.slots.map(viewOf), words: made.words }
      }),
    ],
    ['vault-slots', async () => ({ outcome: 'told', slots: (await store.vault())?.slots.map(viewOf) ?? [] })],
    [
      'vault-add-slot',
      withVault(async (one, query, passphrase) => {
        const wanted: WantedSlot =
          query['kind'] === 'recovery' ? { kind: 'recovery' } : deviceSlot(query, passphrase)
        const added = await one.addSlot(wanted)
        return added.outcome === 'refused' ? added : { ...added, slot: viewOf(added.slot) }
      }),
    ],
    ['vault-remove-slot', withVault((one, query) => one.removeSlot(query['slot'] ?? ''))],
    ['unlock', withVault((one, _query, passphrase) => one.unlock(passphrase))],
    ['recover', withVault((one, _query, words) => one.recover(Buffer.from(words).toString('utf8')))],
    [
      'lock',
      withVault((one) => {
        one.lock()
        return Promise.resolve({ outcome: 'locked' })
      }),
    ],
  ])
}

function deviceSlot(
  query: Readonly<Record<string, string>>,
  passphrase: Uint8Array,
): Extract<WantedSlot, { kind: 'device' }> {
  return { kind: 'device', device: query['device'] ?? '', op: Number(query['op'] ?? 3), passphrase }
}

function viewOf(slot: KeySlot): SlotView {
  const { slotId, kind, createdAt } = slot
  return { slotId, kind, ...(slot.kind === 'device' ? { device: slot.device } : {}), createdAt }
}

function refused(code: string, message: string) {
  return { outcome: 'refused', refusal: { code, message } } as const
}
