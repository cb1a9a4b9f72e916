import {
  ensureJournal,
  SoundJournal,
  StateError,
  systemFiles,
  type JournalEvent,
  type StateFiles,
} from '../../policy/index.js'
import {
  accountRecordSchema,
  creationIntentSchema,
  type AccountRecord,
  type CreationIntent,
} from '../account-record.js'
import { AccountsError } from '../accounts-error.js'
import {
  vaultHeaderSchema,
  type AccountsStore,
  type StoredAccount,
  type StoredIntent,
  type VaultHeader,
} from '../accounts-store.js'
import type { AccountsEntry } from './accounts-entry.js'
import { accountsForm } from './accounts-form.js'
import { callOf, type AccountsState, type Called } from './accounts-state.js'

/** Size at which a segment is rolled. */
const SEGMENT_BYTES = 4 * 1024 * 1024
/** A state of many accounts is not written again before its file holds it so many times more. */
const SNAPSHOTS = 2

export type AccountsJournalOptions = {
  /** The state directory; whoever opens accounts here owns it. */
  readonly directory: string
  readonly files?: StateFiles
  readonly segmentBytes?: number
  readonly now?: () => Date
  readonly onEvent?: (event: JournalEvent) => void
}

/** Accounts and their vault in `accounts.journal` of this host's state directory. */
export class AccountsJournal implements AccountsStore {
  readonly #journal: SoundJournal<AccountsEntry, AccountsState>
  readonly #now: () => string

  private constructor(journal: SoundJournal<AccountsEntry, AccountsState>, now: () => string) {
    this.#journal = journal
    this.#now = now
  }

  /** Opens the journal, and makes it where there never was one. Throws an AccountsError. */
  static open(options: AccountsJournalOptions): AccountsJournal {
    const { directory, files = systemFiles, segmentBytes = SEGMENT_BYTES, onEvent } = options
    const now = () => (options.now?.() ?? new Date()).toISOString()
    return guarded(() => {
      const place = { form: accountsForm, directory, files }
      ensureJournal(place, now())
      const rest = { segmentBytes, snapshots: SNAPSHOTS, now, onEvent: onEvent ?? (() => undefined) }
      return new AccountsJournal(new SoundJournal({ ...place, ...rest }), now)
    })
  }

  vault(): Promise<VaultHeader | undefined> {
    return Promise.resolve(this.#state.vault)
  }

  createVault(vault: VaultHeader): Promise<boolean> {
    return this.#changed(() => {
      if (this.#state.vault !== undefined) return false
      this.#commit({ type: 'vault', at: this.#now(), vault: vaultHeaderSchema.parse(vault) })
      return true
    })
  }

  replaceSlots(vault: VaultHeader): Promise<boolean> {
    return this.#changed(() => {
      const before = this.#state.vault
      if (before?.vaultId !== vault.vaultId || before.revision !== vault.revision - 1) return false
      this.#commit({ type: 'vault', at: this.#now(), vault: vaultHeaderSchema.parse(vault) })
      return true
    })
  }

  accounts(): Promise<readonly AccountRecord[]> {
    return Promise.resolve([...this.#state.accounts.values()])
  }

  account(address: string): Promise<AccountRecord | undefined> {
    return Promise.resolve(this.#state.accounts.get(address))
  }

  accountOf(owner: string, idempotencyKey: string): Promise<AccountRecord | undefined> {
    return Promise.resolve(this.#known({ owner, idempotencyKey }))
  }

  addAccount(account: AccountRecord): Promise<StoredAccount> {
    return this.#changed((): StoredAccount => {
      const known = this.#state.accounts.get(account.address) ?? this.#known(account)
      if (known !== undefined) return { outcome: 'known', account: known }
      this.#commit({ type: 'account', at: this.#now(), account: accountRecordSchema.parse(account) })
      return { outcome: 'stored' }
    })
  }

  intents(): Promise<readonly CreationIntent[]> {
    return Promise.resolve([...this.#state.intents.values()])
  }

  addIntent(intent: CreationIntent): Promise<StoredIntent> {
    return this.#changed((): StoredIntent => {
      const known = this.#known(intent)
      if (known !== undefined) return { outcome: 'known', account: known }
      const call = callOf(intent)
      const pending = [...this.#state.intents.values()].find(
        (one) => call !== undefined && callOf(one) === call,
      )
      if (pending !== undefined) return { outcome: 'pending', intent: pending }
      this.#commit({ type: 'intent', at: this.#now(), intent: creationIntentSchema.parse(intent) })
      return { outcome: 'stored' }
    })
  }

  closeIntent(accountId: string): Promise<void> {
    return this.#changed(() => {
      if (this.#state.intents.has(accountId)) {
        this.#commit({ type: 'intent-closed', at: this.#now(), accountId })
      }
    })
  }

  close(): Promise<void> {
    return this.#settled(() => {
      this.#journal.close()
    })
  }

  get #state(): AccountsState {
    return this.#journal.state
  }

  #known(called: Called): AccountRecord | undefined {
    const call = callOf(called)
    return call === undefined ? undefined : this.#state.calls.get(call)
  }

  /** Decides and writes in one step. After a failed write the file is read again first: it may hold more than is known. */
  #changed<Result>(work: () => Result): Promise<Result> {
    return this.#settled(() => {
      this.#journal.check()
      return work()
    })
  }

  #settled<Result>(work: () => Result): Promise<Result> {
    return new Promise((resolve) => {
      resolve(guarded(work))
    })
  }

  /** What goes in was read by the schema it will be read with again: a line that nobody can read would stop the next start. */
  #commit(entry: AccountsEntry): void {
    this.#journal.commit(entry)
    this.#journal.rollWhenFull()
  }
}

/** A StateError of the journal as what accounts are told. */
function guarded<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof StateError)) throw error
    const isDamaged = error.code === 'journal-damaged' || error.code === 'journal-replaced'
    throw new AccountsError(isDamaged ? 'store-damaged' : 'store-unavailable', error.message, error)
  }
}
