import { afterAll, beforeAll, describe } from 'vitest'
import { migrate, PostgresqlTable } from '../../../src/shared-marks/index.js'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../../debian-package.js'
import { Cluster } from '../../shared-marks/postgresql/cluster.js'
import type { TableFactory } from './factory.js'
import { testMarksTable } from './marks-table-suite.js'
import { testMarkStore } from './mark-store-suite.js'
import { sharedMarksOn } from './stores.js'

const missing = whyMissing('postgresql')

describe.skipIf(missing !== '')(`a real server${missing && `: skipped, ${missing}`}`, () => {
  let cluster: Cluster
  const open = (host: string) =>
    new PostgresqlTable({ urls: [cluster.url()], passfile: cluster.passfile, timeoutMs: 15_000, host })

  beforeAll(async () => {
    cluster = await Cluster.make()
    await migrate({ urls: [cluster.url()], passfile: cluster.passfile, timeoutMs: 15_000, host: 'test' })
  }, INSTALL_TIMEOUT_MS)

  afterAll(() => cluster.remove())

  const postgresql: TableFactory = {
    name: 'PostgreSQL',
    open: () => {
      const [one, other] = [open('one'), open('other')]
      const close = async () => {
        await Promise.all([one.close(), other.close()])
      }
      return Promise.resolve({ one, other, close })
    },
  }
  testMarksTable(postgresql)
  // each test's hosts take over the places of the tests before, which grow to some hundreds
  testMarkStore(sharedMarksOn(postgresql), { parallel: 12, runs: 10 })
})
