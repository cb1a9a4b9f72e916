import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { AccountsJournal, AccountsService, Vault } from '../../../src/accounts/index.js'
import { PostgresqlAccounts } from '../../../src/accounts/postgresql/index.js'
import { grants, migrate } from '../../../src/shared-marks/index.js'
import { header } from '../../accounts/records.js'
import { caller, SETTINGS } from '../../accounts/service-bench.js'
import { QUICK, softDevice } from '../../accounts/vault/fixture.js'
import { Terminal } from '../../cli/setup/terminal.js'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../../debian-package.js'
import { ROOT } from '../../docs/documents.js'
import { Cluster, PASSWORD, SUPERUSER } from '../../shared-marks/postgresql/cluster.js'
import { keySecret } from '../../tezos/golden-data.js'
import { ADDRESS, Bench, cli, PROGRAM } from '../daemon.js'

vi.setConfig({ testTimeout: 60_000, hookTimeout: INSTALL_TIMEOUT_MS })

const missing = whyMissing('postgresql')
const SECRET = 'a long enough secret'

describe.skipIf(missing !== '')(
  `a host with accounts and shared marks${missing && `: skipped, ${missing}`}`,
  () => {
    let cluster: Cluster
    let bench: Bench
    const place = (user = SUPERUSER) => {
      return { urls: [cluster.url(user)], passfile: cluster.passfile, timeoutMs: 15_000, host: 'test' }
    }

    /** The marks of it as before there were accounts. */
    beforeAll(async () => {
      cluster = await Cluster.make()
      await cluster.sql(`CREATE ROLE bridge LOGIN PASSWORD '${PASSWORD}'`)
      await migrate(place())
      for (const statement of grants('bridge')) await cluster.sql(statement)
      await cluster.sql('GRANT INSERT ON tezio_bridge.marks TO bridge')
      bench = new Bench(
        ([port = '']) => `policy: { signing_keys: { ${ADDRESS.tz3}: { allowed_ops: [0x11] } } }
devices: { left: { kind: tezio, port: ${port} } }
server: { listen: "127.0.0.1:0" }
accounts: { vault: { devices: [left] } }
marks: { postgresql: { url: "${cluster.url('bridge')}", passfile: ${cluster.passfile}, timeout_ms: 5000 } }
`,
      )
      expect(await cli('init', ...bench.options, '--level', '0')).toMatchObject({ code: 0 })
    })
    afterAll(async () => {
      await bench.close()
      await cluster.remove()
    })

    test('is told what to do at each step, and then has the accounts of the database', async () => {
      const early = bench.startConfigured()
      expect(await early.exit).toBe(78)
      expect(early.stderr).toMatch(/the accounts .* a table is missing; run tezio-bridge marks migrate/)

      const migration = ['marks', 'migrate', '--url', cluster.url(SUPERUSER), ...bench.options]
      const made = await cli(...migration, '--role', 'bridge', '--json')
      const told = JSON.parse(made.stdout) as { accounts: unknown; grants: string[] }
      expect(told.accounts).toEqual({ from: 0, to: 1 })
      for (const statement of told.grants) await cluster.sql(statement)
      expect((await cli(...migration)).stdout).toBe(
        'the tables are up to date: version 1\nthe tables of accounts are up to date: version 1\n',
      )

      const store = new PostgresqlAccounts(place('bridge'))
      const vault = new Vault({ store, devices: [softDevice('left', keySecret('1 ed25519'))], kdf: QUICK })
      await vault.create({ kind: 'device', device: 'left', op: 3, passphrase: Buffer.from(SECRET) })
      const service = new AccountsService({
        settings: SETTINGS,
        store,
        vault,
        token: undefined,
        host: 'here',
      })
      const created = await service.create(caller(), {})
      await store.close()
      const address = created.outcome === 'created' ? created.account.address : ''

      const daemon = bench.startConfigured()
      await daemon.line('server.listening')
      const listed = await cli('accounts', 'list', '--json', ...bench.options)
      expect(JSON.parse(listed.stdout)).toMatchObject({ accounts: [{ address, custody: 'vault' }] })
      expect(daemon.lines.filter(({ event }) => event === 'marks.connected')).toHaveLength(2)
      daemon.kill('SIGTERM')
      expect(await daemon.exit).toBe(0)

      const file = join(bench.folder, 'keystore.json')
      const command = ['accounts', 'export', address, '--out', file, ...bench.options]
      const terminal = new Terminal([process.execPath, PROGRAM, ...command], ROOT)
      const answers = [
        ['Passphrase of the vault: ', SECRET],
        ['New passphrase for the keystore: ', 'another long one'],
        ['Once more: ', 'another long one'],
      ] as const
      try {
        for (const [prompt, text] of answers) {
          await terminal.shows(prompt)
          const shownAt = performance.now()
          terminal.type(text)
          while (performance.now() - shownAt < 550)
            await new Promise<void>((resolve) => setImmediate(resolve))
          terminal.type('\r')
        }
        expect([await terminal.exit, terminal.text]).toEqual([0, expect.stringContaining(address) as string])
      } finally {
        await terminal.close()
      }
      expect(statSync(file).size).toBeGreaterThan(100)
    })

    test('is not started while accounts of its own would be left unseen', async () => {
      const journal = AccountsJournal.open({ directory: bench.stateDir })
      await journal.createVault(header())
      await journal.close()
      const daemon = bench.startConfigured()
      expect(await daemon.exit).toBe(78)
      expect(daemon.stderr).toMatch(/accounts\.journal holds a vault or accounts of this host alone/)
    })
  },
)
