import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { accountGrants } from '../../../src/accounts/postgresql/index.js'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../../debian-package.js'
import { Cluster, PASSWORD } from '../../shared-marks/postgresql/cluster.js'
import { CuttingProxy } from '../../shared-marks/postgresql/cutting-proxy.js'
import { header, intent, tokenAccount, vaultAccount } from '../records.js'
import { errorOf, scene, TIMEOUT_MS } from './scene.js'

const missing = whyMissing('postgresql')
const LEAST = 'bridge'
/** Sessions of a host that wait for a standby. */
const WAITING = `SELECT pid FROM pg_stat_activity WHERE application_name = 'tezio-bridge a' AND wait_event = 'SyncRep'`

describe.skipIf(missing !== '')(`accounts of several hosts${missing && `: skipped, ${missing}`}`, () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await Cluster.make()
    await cluster.sql(`CREATE ROLE ${LEAST} LOGIN PASSWORD '${PASSWORD}'`)
  }, INSTALL_TIMEOUT_MS)
  afterAll(() => cluster.remove())

  /** A proxy before the server that loses answers of this kind. */
  const proxyFor = async (tag: string) => {
    const proxy = await CuttingProxy.before(cluster.port, tag)
    onTestFinished(() => proxy.close())
    return proxy
  }

  const standbys = async (names: string) => {
    await cluster.sql(`ALTER SYSTEM SET synchronous_standby_names = '${names}'`)
    cluster.reload()
    const shown = async () =>
      (await cluster.sql('SHOW synchronous_standby_names'))[0]?.['synchronous_standby_names']
    await expect.poll(shown, { interval: 10 }).toBe(names)
  }

  test('two that make an account for one call at the same time end with one, and tell the same', async () => {
    const open = await scene(cluster)
    const [a, b] = [open('a'), open('b')]
    for (let round = 0; round < 8; round++) {
      const idempotencyKey = `call-${round}`
      const [one, other] = [vaultAccount({ idempotencyKey }), tokenAccount({ idempotencyKey })]
      const begun = intent({ accountId: other.accountId, idempotencyKey })
      const told = await Promise.all([a.addAccount(one), b.addAccount(other), b.addIntent(begun)])
      const kept = await a.accountOf('alice', idempotencyKey)
      const outcomes = told.slice(0, 2).map(({ outcome }) => outcome)
      expect(outcomes.toSorted()).toEqual(['known', 'stored'])
      expect(kept).toEqual(outcomes[0] === 'stored' ? one : other)
      for (const answer of told) if (answer.outcome === 'known') expect(answer.account).toEqual(kept)
    }
    expect(await b.accounts()).toHaveLength(8)
  })

  test('no intent is begun for a call while its account is being stored', async () => {
    const open = await scene(cluster)
    const [a, b] = [open('a'), open('b')]
    const begun = intent({ idempotencyKey: 'k' })
    await a.addIntent(begun)
    const account = tokenAccount({ accountId: begun.accountId, idempotencyKey: 'k' })
    const session = await cluster.session()
    onTestFinished(() => session.end())
    await session.query('BEGIN')
    await session.query('LOCK TABLE tezio_bridge.accounts IN SHARE MODE') // the account waits behind it
    const stored = a.addAccount(account)
    const blocked = `SELECT application_name FROM pg_stat_activity WHERE wait_event_type = 'Lock' ORDER BY 1`
    await expect.poll(() => cluster.sql(blocked), { interval: 5 }).toHaveLength(1)
    const late = b.addIntent(intent({ idempotencyKey: 'k' }))
    await expect.poll(() => cluster.sql(blocked), { interval: 5 }).toHaveLength(2)
    await session.query('COMMIT')
    expect(await stored).toEqual({ outcome: 'stored' })
    expect(await late).toEqual({ outcome: 'known', account })
    expect(await b.intents()).toEqual([])
  })

  test('of two that exchange the slots at the same time one does', async () => {
    const open = await scene(cluster)
    const [a, b] = [open('a'), open('b')]
    const first = header()
    await a.createVault(first)
    for (let revision = 2; revision < 8; revision++) {
      const [one, other] = [header(), header()].map(({ slots }) => ({ ...first, revision, slots }))
      const done = await Promise.all([a.replaceSlots(one!), b.replaceSlots(other!)])
      expect(done.toSorted()).toEqual([false, true])
      expect(await b.vault()).toEqual(done[0] ? one : other)
    }
  })

  test('a commit whose answer was lost is known as its own by the second try', async () => {
    const open = await scene(cluster)
    const [commits, inserts, updates] = await Promise.all(['COMMIT', 'INSERT 0 1', 'UPDATE 1'].map(proxyFor))
    const begun = intent({ idempotencyKey: 'k' })
    const account = tokenAccount({ accountId: begun.accountId, idempotencyKey: 'k' })
    const byCommit = open('a', { port: commits!.port })
    commits!.cut()
    expect(await byCommit.addIntent(begun)).toEqual({ outcome: 'stored' })
    expect(commits!.cutsLeft).toBe(0)
    commits!.cut()
    expect(await byCommit.addAccount(account)).toEqual({ outcome: 'stored' })
    const vault = header()
    inserts!.cut()
    expect(await open('a', { port: inserts!.port }).createVault(vault)).toBe(true)
    updates!.cut()
    expect(await open('a', { port: updates!.port }).replaceSlots({ ...vault, revision: 2 })).toBe(true)
    expect([commits, inserts, updates].map((proxy) => proxy!.cutsLeft)).toEqual([0, 0, 0])
    const other = open('b')
    expect([await other.accounts(), await other.intents()]).toEqual([[account], []])
    expect(await other.vault()).toEqual({ ...vault, revision: 2 })
  })

  test('a commit whose every answer was lost is told as known when it is asked again', async () => {
    const open = await scene(cluster)
    const proxy = await proxyFor('COMMIT')
    const store = open('a', { port: proxy.port, timeoutMs: TIMEOUT_MS })
    const account = vaultAccount({ idempotencyKey: 'k' })
    proxy.cut(1000)
    expect(await errorOf(store.addAccount(account))).toMatch(/^store-unavailable: the accounts are not to be/)
    proxy.cut(0)
    expect(await store.accountOf('alice', 'k')).toEqual(account)
    const again = vaultAccount({ idempotencyKey: 'k' })
    expect(await store.addAccount(again)).toEqual({ outcome: 'known', account })
  })

  test('what its standby never had is neither stored nor told, until the standby has it', async () => {
    const open = await scene(cluster)
    const [store, other] = [open('a', { timeoutMs: TIMEOUT_MS }), open('b', { timeoutMs: 300 })]
    const [account, vault] = [vaultAccount({ idempotencyKey: 'k' }), header()]
    const begun = intent({ idempotencyKey: 'i' })
    onTestFinished(() => standbys(''))
    await standbys('nobody')
    const settled = [store.addAccount(account), store.createVault(vault), store.addIntent(begun)].map(errorOf)
    await expect.poll(() => cluster.sql(WAITING), { interval: 5 }).toHaveLength(3)
    await cluster.sql(`SELECT pg_cancel_backend(pid) FROM (${WAITING}) AS waiting`)
    for (const said of await Promise.all(settled)) expect(said).toMatch(/^store-unavailable/)
    // the rows are there for everybody to see, and a fail-over would take them away
    expect(await cluster.sql('SELECT FROM tezio_bridge.accounts, tezio_bridge.vault')).toHaveLength(1)
    const asked = [
      ...[other.account(account.address), other.accountOf('alice', 'k'), other.accounts()],
      ...[other.vault(), other.intents(), other.addAccount(account)],
    ].map(errorOf)
    for (const said of await Promise.all(asked)) expect(said).toMatch(/^store-unavailable/)
    await standbys('')
    expect(await other.accounts()).toEqual([account])
    expect([await other.vault(), await other.intents()]).toEqual([vault, [begun]])
  })

  test('a role with the least rights does all that a daemon does, and deletes and changes no account', async () => {
    const open = await scene(cluster)
    await cluster.sql(`GRANT USAGE ON SCHEMA tezio_bridge TO ${LEAST}`)
    for (const statement of accountGrants(LEAST)) await cluster.sql(statement)
    const store = open('a', { user: LEAST })
    const vault = header()
    const [begun, given] = [intent(), intent()]
    expect(await store.createVault(vault)).toBe(true)
    expect(await store.replaceSlots({ ...vault, revision: 2 })).toBe(true)
    for (const one of [begun, given]) expect((await store.addIntent(one)).outcome).toBe('stored')
    const account = tokenAccount({ accountId: begun.accountId })
    expect(await store.addAccount(account)).toEqual({ outcome: 'stored' })
    await store.closeIntent(given.accountId)
    expect([await store.accounts(), await store.intents()]).toEqual([[account], []])
    for (const statement of [
      'DELETE FROM tezio_bridge.accounts',
      'UPDATE tezio_bridge.accounts SET token = token',
      'TRUNCATE tezio_bridge.accounts',
      'DELETE FROM tezio_bridge.vault',
      'UPDATE tezio_bridge.account_intents SET token = token',
      'ALTER TABLE tezio_bridge.accounts DISABLE TRIGGER ALL',
      'UPDATE tezio_bridge.accounts_versions SET version = 9',
    ]) {
      const asRole = cluster.sql(`SET ROLE ${LEAST}; ${statement}`)
      await expect(asRole).rejects.toThrow(/permission denied|must be owner/)
    }
  })
})
