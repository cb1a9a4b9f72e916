import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { AccountsJournal, type AccountsStore } from '../../accounts/index.js'
import type { Config } from '../../config/index.js'
import { StateError } from '../../policy/index.js'
import type { EventSink } from '../event-sink.js'
import { RefusedError } from '../exit-code.js'

/**
 * The accounts in the database of the marks, where the marks are in PostgreSQL; `undefined` where this host keeps its own.
 * A server that does not answer is asked again with each request. Whoever calls owns the state directory. Rejects with a
 * StateError for tables that are missing or not right, and with a RefusedError where this host's own accounts would be
 * left unseen.
 */
export async function accountsOfHosts(
  { marks: { shared }, stateDir }: Pick<Config, 'marks' | 'stateDir'>,
  onEvent?: EventSink,
): Promise<AccountsStore | undefined> {
  if (shared?.kind !== 'postgresql') return undefined
  await refuseOwnAccounts(stateDir)
  const { urls, passFile: passfile, timeoutMs } = shared
  const { PostgresqlAccounts } = await import('../../accounts/postgresql/index.js')
  const events = onEvent === undefined ? {} : { onEvent }
  const store = new PostgresqlAccounts({ urls, passfile, timeoutMs, host: hostname(), ...events })
  try {
    await store.check()
  } catch (error) {
    const isAway = error instanceof StateError && error.code === 'marks-unavailable'
    if (isAway) return store
    await store.close()
    throw error
  }
  return store
}

/** From before the marks were shared. */
async function refuseOwnAccounts(directory: string): Promise<void> {
  const path = join(directory, 'accounts.journal')
  if (!existsSync(path)) return
  const journal = AccountsJournal.open({ directory })
  const kept = [await journal.vault(), ...(await journal.accounts()), ...(await journal.intents())]
  await journal.close()
  if (kept.every((one) => one === undefined)) return
  throw new RefusedError(
    `${path} holds a vault or accounts of this host alone, and with marks.postgresql accounts are kept in the database; take marks.postgresql away and export what is needed (tezio-bridge accounts export), or move the files accounts*.journal to a safe place`,
  )
}
