import { randomUUID } from 'node:crypto'
import { monotonicClock } from '../../clock.js'
import { StateError } from '../../policy/index.js'
import {
  Connections,
  placesOf,
  reliableRow,
  TableFault,
  type PostgresqlOptions,
  type Send,
} from '../../shared-marks/index.js'
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
import { inspectAccountTables } from './inspect-tables.js'
import * as row from './rows.js'
import * as sql from './statements.js'

/** What the connections are for, in messages. */
export const ACCOUNTS = 'the accounts'

/**
 * Accounts and their vault in PostgreSQL, for several hosts. Every method is such that sending it twice is as good as once:
 * a token that is the call's own tells a try that was committed without an answer.
 */
export class PostgresqlAccounts implements AccountsStore {
  readonly #host: string
  readonly #servers: number
  readonly #connections: Connections

  /** Throws a StateError for a url that cannot be used. Connects with the first use. */
  constructor(options: PostgresqlOptions) {
    const places = placesOf(options.urls)
    this.#host = options.host
    this.#servers = places.length
    const { passfile, timeoutMs, host, clock = monotonicClock, onEvent = () => undefined } = options
    const tables = { what: ACCOUNTS, inspectTables: inspectAccountTables }
    this.#connections = new Connections({ places, passfile, timeoutMs, host, clock, onEvent, ...tables })
  }

  /** Rejects with a StateError: `marks-schema` where the tables are missing or not as they must be. */
  async check(): Promise<void> {
    await this.#connections.use((send) => send(sql.VAULT))
  }

  vault(): Promise<VaultHeader | undefined> {
    return this.#asked(async (send) => this.#row(row.vaultRow, await send(sql.VAULT))?.header)
  }

  createVault(vault: VaultHeader): Promise<boolean> {
    return this.#writeVault(sql.CREATE_VAULT, vault)
  }

  replaceSlots(vault: VaultHeader): Promise<boolean> {
    return this.#writeVault(sql.REPLACE_SLOTS, vault)
  }

  accounts(): Promise<readonly AccountRecord[]> {
    return this.#asked(async (send) => this.#row(row.accountsRow, await send(sql.ACCOUNTS))?.records ?? [])
  }

  account(address: string): Promise<AccountRecord | undefined> {
    return this.#asked(
      async (send) => this.#row(row.accountRow, await send(sql.FIND_ACCOUNT, [address]))?.record,
    )
  }

  accountOf(owner: string, idempotencyKey: string): Promise<AccountRecord | undefined> {
    return this.#asked((send) => this.#called(send, owner, idempotencyKey))
  }

  addAccount(account: AccountRecord): Promise<StoredAccount> {
    const record = accountRecordSchema.parse(account)
    const { address, accountId, owner, idempotencyKey = null } = record
    const token = randomUUID()
    return this.#inCall(owner, idempotencyKey, async (send): Promise<StoredAccount> => {
      const values = [address, accountId, owner, idempotencyKey, JSON.stringify(record), this.#host, token]
      if (await this.#isDone(send, sql.ADD_ACCOUNT, values)) return { outcome: 'stored' }
      const rows = await send(sql.FIND_KNOWN, [address, owner, idempotencyKey, token])
      const known = this.#row(row.knownRow, rows) ?? hidden('accounts')
      return known.mine ? { outcome: 'stored' } : { outcome: 'known', account: known.record }
    })
  }

  intents(): Promise<readonly CreationIntent[]> {
    return this.#asked(async (send) => this.#row(row.intentsRow, await send(sql.INTENTS))?.records ?? [])
  }

  addIntent(intent: CreationIntent): Promise<StoredIntent> {
    const record = creationIntentSchema.parse(intent)
    const { accountId, owner, idempotencyKey = null } = record
    const token = randomUUID()
    return this.#inCall(owner, idempotencyKey, async (send): Promise<StoredIntent> => {
      const account = idempotencyKey === null ? undefined : await this.#called(send, owner, idempotencyKey)
      if (account !== undefined) return { outcome: 'known', account }
      const values = [accountId, owner, idempotencyKey, JSON.stringify(record), token]
      if (await this.#isDone(send, sql.ADD_INTENT, values)) return { outcome: 'stored' }
      const rows = await send(sql.FIND_INTENT, [accountId, owner, idempotencyKey, token])
      const pending = this.#row(row.intentRow, rows) ?? endedMeanwhile()
      return pending.mine ? { outcome: 'stored' } : { outcome: 'pending', intent: pending.record }
    })
  }

  async closeIntent(accountId: string): Promise<void> {
    await this.#asked((send) => this.#isDone(send, sql.CLOSE_INTENT, [accountId]))
  }

  close(): Promise<void> {
    return this.#connections.close()
  }

  async #writeVault(statement: string, vault: VaultHeader): Promise<boolean> {
    const header = vaultHeaderSchema.parse(vault)
    const token = randomUUID()
    return this.#asked(async (send) => {
      await send(statement, [header.vaultId, header.revision, JSON.stringify(header), this.#host, token])
      return this.#row(row.writtenRow, await send(sql.VAULT_WRITTEN, [token]))?.mine ?? false
    })
  }

  async #called(send: Send, owner: string, idempotencyKey: string): Promise<AccountRecord | undefined> {
    return this.#row(row.accountRow, await send(sql.FIND_CALL, [owner, idempotencyKey]))?.record
  }

  async #isDone(send: Send, statement: string, values: readonly unknown[]): Promise<boolean> {
    return (this.#row(row.doneRow, await send(statement, values)) ?? hidden('result')).done
  }

  /** Decides and writes in one transaction; under the same call of an owner one at a time. */
  #inCall<Result>(
    owner: string,
    idempotencyKey: string | null,
    work: (send: Send) => Promise<Result>,
  ): Promise<Result> {
    return guarded(() =>
      this.#connections.transaction(async (send) => {
        if (idempotencyKey !== null) await send(sql.LOCK_CALL, [JSON.stringify([owner, idempotencyKey])])
        return work(send)
      }),
    )
  }

  #asked<Result>(work: (send: Send) => Promise<Result>): Promise<Result> {
    return guarded(() => this.#connections.use(work))
  }

  #row<Schema extends Parameters<typeof reliableRow>[0]>(schema: Schema, rows: readonly unknown[]) {
    return reliableRow(schema, rows, this.#servers)
  }
}

function hidden(what: string): never {
  const text = `the database gave no row of ${what}; its rights or rules hide it`
  throw new TableFault('marks-schema', text, false)
}

/** Whoever closes an intent does not wait for its call: then all is asked again. */
function endedMeanwhile(): never {
  throw new TableFault('marks-unavailable', 'the intent ended while it was looked at', true)
}

/** A StateError of the connections as what accounts are told. */
async function guarded<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof StateError)) throw error
    const code = error.code === 'marks-schema' ? 'store-damaged' : 'store-unavailable'
    throw new AccountsError(code, error.message, error)
  }
}
