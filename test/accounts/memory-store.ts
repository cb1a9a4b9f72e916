import type { AccountRecord, CreationIntent } from '../../src/accounts/account-record.js'
import type { AccountsStore, VaultHeader } from '../../src/accounts/accounts-store.js'

/** A store in memory, with what it holds open to tests that spoil it. */
export class MemoryStore implements AccountsStore {
  header: VaultHeader | undefined
  readonly records = new Map<string, AccountRecord>()
  readonly begun = new Map<string, CreationIntent>()

  readonly vault = () => Promise.resolve(this.header)
  readonly createVault = (header: VaultHeader) => {
    const isFree = this.header === undefined
    this.header ??= header
    return Promise.resolve(isFree)
  }
  readonly replaceSlots = (header: VaultHeader) => {
    const isNext = this.header?.vaultId === header.vaultId && this.header.revision === header.revision - 1
    if (isNext) this.header = header
    return Promise.resolve(isNext)
  }
  readonly accounts = () => Promise.resolve([...this.records.values()])
  readonly account = (address: string) => Promise.resolve(this.records.get(address))
  readonly accountOf = (owner: string, idempotencyKey: string) =>
    Promise.resolve(this.#known({ owner, idempotencyKey }))
  readonly addAccount: AccountsStore['addAccount'] = (account) => {
    const known = this.records.get(account.address) ?? this.#known(account)
    if (known !== undefined) return Promise.resolve({ outcome: 'known', account: known })
    this.records.set(account.address, account)
    this.begun.delete(account.accountId)
    return Promise.resolve({ outcome: 'stored' })
  }
  readonly intents = () => Promise.resolve([...this.begun.values()])
  readonly addIntent: AccountsStore['addIntent'] = (intent) => {
    const known = this.#known(intent)
    if (known !== undefined) return Promise.resolve({ outcome: 'known', account: known })
    const pending = [...this.begun.values()].find((one) => isSame(one, intent))
    if (pending !== undefined) return Promise.resolve({ outcome: 'pending', intent: pending })
    this.begun.set(intent.accountId, intent)
    return Promise.resolve({ outcome: 'stored' })
  }
  readonly closeIntent = (accountId: string) => {
    this.begun.delete(accountId)
    return Promise.resolve()
  }
  readonly close = () => Promise.resolve()

  #known(wanted: Asked): AccountRecord | undefined {
    return [...this.records.values()].find((one) => isSame(one, wanted))
  }
}

type Asked = { readonly owner: string; readonly idempotencyKey?: string | undefined }

function isSame(left: Asked, right: Asked): boolean {
  return (
    left.owner === right.owner &&
    left.idempotencyKey !== undefined &&
    left.idempotencyKey === right.idempotencyKey
  )
}
