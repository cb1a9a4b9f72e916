import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ACCOUNT_TABLES } from '../../../src/accounts/postgresql/index.js'
import { migrate, type SharedMarksEvent } from '../../../src/shared-marks/index.js'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../../debian-package.js'
import { Cluster } from '../../shared-marks/postgresql/cluster.js'
import { header, intent, tokenAccount, vaultAccount } from '../records.js'
import { errorOf, scene, TIMEOUT_MS } from './scene.js'

const missing = whyMissing('postgresql')

describe.skipIf(missing !== '')(
  `a server with accounts that fails${missing && `: skipped, ${missing}`}`,
  () => {
    let cluster: Cluster
    beforeAll(async () => {
      cluster = await Cluster.make()
    }, INSTALL_TIMEOUT_MS)
    afterAll(() => cluster.remove())

    const migrated = () =>
      migrate(
        { urls: [cluster.url()], passfile: cluster.passfile, timeoutMs: 15_000, host: 'test' },
        ACCOUNT_TABLES,
      )

    test('one that is stopped is named in time, and used again once it is back, with all that it had', async () => {
      const open = await scene(cluster)
      const events: SharedMarksEvent[] = []
      const store = open('a', { timeoutMs: TIMEOUT_MS, events })
      const [account, vault] = [vaultAccount({ idempotencyKey: 'k' }), header()]
      await store.addAccount(account)
      await store.createVault(vault)
      await cluster.stop('SIGQUIT')
      const asked = [store.account(account.address), store.addAccount(tokenAccount()), store.vault()]
      for (const said of await Promise.all(asked.map(errorOf))) {
        expect(said).toMatch(/^store-unavailable: the accounts .* nobody listens there/)
      }
      await cluster.start()
      expect([await store.accounts(), await store.vault()]).toEqual([[account], vault])
      expect(await store.addAccount(tokenAccount())).toEqual({ outcome: 'stored' })
      expect(events.map(({ event }) => event)).toContain('marks.connected')
    })

    test('tables that were never made are refused by name, with what makes them', async () => {
      const open = await scene(cluster)
      await cluster.sql('DROP SCHEMA tezio_bridge CASCADE')
      await cluster.sql('CREATE SCHEMA tezio_bridge')
      const words = /a table is missing; run tezio-bridge marks migrate .*tezio_bridge\.accounts_versions/
      expect(await errorOf(open('a').accounts())).toMatch(words)
      await expect(open('b').check()).rejects.toMatchObject({ code: 'marks-schema' })
      expect(await migrated()).toEqual({ from: 0, to: 1 })
      expect(await migrated()).toEqual({ from: 1, to: 1 })
      expect(await open('c').accounts()).toEqual([])
    })

    test.each([
      ['DROP TABLE tezio_bridge.account_intents', /account_intents/],
      ['DROP TABLE tezio_bridge.vault', /tezio_bridge\.vault/],
      [
        'UPDATE tezio_bridge.accounts_versions SET version = 2',
        /has version 2.*knows 1; use a newer program/,
      ],
      [
        'DELETE FROM tezio_bridge.accounts_versions',
        /has no version.*needs 1; run tezio-bridge marks migrate/,
      ],
      ['ALTER TABLE tezio_bridge.vault SET UNLOGGED', /unlogged: vault.*SET LOGGED/],
      ['ALTER TABLE tezio_bridge.accounts DISABLE TRIGGER USER', /triggers .* are off.*ENABLE TRIGGER/],
    ])('%s is refused by name', async (statement, words) => {
      const open = await scene(cluster)
      await cluster.sql(statement)
      const said = await errorOf(open('a').accounts())
      expect(said).toMatch(/^store-damaged: the accounts are not to be had from postgresql:/)
      expect(said).toMatch(words)
    })

    test('a record that nobody could have written is damage, and nothing of it is told', async () => {
      const open = await scene(cluster)
      const store = open('a')
      const account = vaultAccount()
      await store.addAccount(account)
      await cluster.sql('ALTER TABLE tezio_bridge.accounts DISABLE TRIGGER USER')
      await cluster.sql(`UPDATE tezio_bridge.accounts SET record = record - 'sealed'`)
      await cluster.sql('ALTER TABLE tezio_bridge.accounts ENABLE TRIGGER USER')
      const asked = [store.account(account.address), store.accounts(), store.addAccount(account)].map(errorOf)
      for (const said of await Promise.all(asked)) {
        expect(said).toMatch(/^store-damaged: .* what this program does not understand/)
      }
    })

    test('even the owner changes, deletes and empties nothing by mistake', async () => {
      const open = await scene(cluster)
      const store = open('a')
      const [account, vault] = [tokenAccount({ idempotencyKey: 'k' }), header()]
      await store.addAccount(account)
      await store.createVault(vault)
      for (const [statement, words] of [
        ['UPDATE tezio_bridge.accounts SET token = token', /never changed or deleted/],
        ['DELETE FROM tezio_bridge.accounts', /never changed or deleted/],
        ['TRUNCATE tezio_bridge.accounts', /never changed or deleted/],
        ['DELETE FROM tezio_bridge.vault', /vault is never deleted/],
        ['TRUNCATE tezio_bridge.vault', /vault is never deleted/],
        ['UPDATE tezio_bridge.vault SET token = token', /only exchanged for the next ones/],
      ] as const) {
        await expect(cluster.sql(statement)).rejects.toThrow(words)
      }
      expect([await store.accounts(), await store.vault()]).toEqual([[account], vault])
    })

    test('columns that say something else than their record are refused by the table', async () => {
      const open = await scene(cluster)
      await open('a').addIntent(intent({ idempotencyKey: 'k' }))
      for (const column of ['account_id', 'owner', 'idempotency_key']) {
        const statement = `UPDATE tezio_bridge.account_intents SET ${column} = 'else'`
        await expect(cluster.sql(statement)).rejects.toThrow(/violates check constraint/)
      }
    })
  },
)
