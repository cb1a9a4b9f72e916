import { afterAll, beforeAll, describe, onTestFinished } from 'vitest'
import { ACCOUNT_TABLES, PostgresqlAccounts } from '../../../src/accounts/postgresql/index.js'
import { migrate } from '../../../src/shared-marks/index.js'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../../debian-package.js'
import { Cluster } from '../../shared-marks/postgresql/cluster.js'
import { accountsStoreSuite } from './accounts-store-suite.js'

const missing = whyMissing('postgresql')

describe.skipIf(missing !== '')(`a real server${missing && `: skipped, ${missing}`}`, () => {
  let cluster: Cluster
  const options = () => ({ urls: [cluster.url()], passfile: cluster.passfile, timeoutMs: 15_000, host: 'a' })
  const open = () => {
    const store = new PostgresqlAccounts(options())
    onTestFinished(() => store.close())
    return store
  }

  beforeAll(async () => {
    cluster = await Cluster.make()
  }, INSTALL_TIMEOUT_MS)
  afterAll(() => cluster.remove())

  accountsStoreSuite('accounts in PostgreSQL', async () => {
    await cluster.sql('DROP SCHEMA IF EXISTS tezio_bridge CASCADE')
    await migrate(options(), ACCOUNT_TABLES)
    return { store: open(), reopened: () => Promise.resolve(open()) }
  })
})
