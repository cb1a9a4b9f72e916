import { expect, onTestFinished } from 'vitest'
import { AccountsError } from '../../../src/accounts/accounts-error.js'
import { ACCOUNT_TABLES, PostgresqlAccounts } from '../../../src/accounts/postgresql/index.js'
import { migrate, type SharedMarksEvent } from '../../../src/shared-marks/index.js'
import { PASSWORD, type Cluster } from '../../shared-marks/postgresql/cluster.js'

/** What a method has where a server fails, in ms. */
export const TIMEOUT_MS = 600

export type HostOptions = {
  readonly port?: number
  readonly user?: string
  readonly timeoutMs?: number
  readonly events?: SharedMarksEvent[]
}

/** An empty set of tables, and hosts that use it; they are closed when the test ends. */
export async function scene(cluster: Cluster) {
  const { passfile } = cluster
  await cluster.sql('DROP SCHEMA IF EXISTS tezio_bridge CASCADE')
  await migrate({ urls: [cluster.url()], passfile, timeoutMs: 15_000, host: 'test' }, ACCOUNT_TABLES)
  return (host: string, options: HostOptions = {}): PostgresqlAccounts => {
    const { port = cluster.port, user, timeoutMs = 10_000, events = [] } = options
    const urls = [cluster.url(user).replace(`:${cluster.port}/`, `:${port}/`)]
    const onEvent = (event: SharedMarksEvent) => void events.push(event)
    const store = new PostgresqlAccounts({ urls, passfile, timeoutMs, host, onEvent })
    onTestFinished(() => store.close())
    return store
  }
}

/** The code and words of an AccountsError; no password is in it. */
export async function errorOf(work: Promise<unknown>): Promise<string> {
  try {
    return `nothing was refused: ${JSON.stringify(await work)}`
  } catch (error) {
    if (!(error instanceof AccountsError)) throw error
    expect(JSON.stringify([error.message, String(error.cause), error.stack])).not.toContain(PASSWORD)
    return `${error.code}: ${error.message}`
  }
}
