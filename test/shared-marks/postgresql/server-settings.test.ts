import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { grants, migrate, PostgresqlTable, SCHEMA_VERSION } from '../../../src/shared-marks/index.js'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../../debian-package.js'
import { digestOf, signatureOf } from '../../policy/fixture.js'
import { Cluster, PASSWORD } from './cluster.js'
import { refusalOf, scene, TIMEOUT_MS } from './scene.js'

const missing = whyMissing('postgresql')
const LEAST = 'bridge'

describe.skipIf(missing !== '')(
  `a server whose settings or tables are not right${missing && `: skipped, ${missing}`}`,
  () => {
    let cluster: Cluster
    beforeAll(async () => {
      cluster = await Cluster.make()
      await cluster.sql(`CREATE ROLE ${LEAST} LOGIN PASSWORD '${PASSWORD}'`)
    }, INSTALL_TIMEOUT_MS)
    afterAll(() => cluster.remove())

    const during = async (statement: string, undo: string) => {
      await cluster.sql(statement)
      onTestFinished(async () => {
        await cluster.sql(undo)
      })
    }

    /** Changes a setting, in force for new statements once a new session shows it; undone when the test ends. */
    const set = async (name: string, value: string) => {
      const shown = async (want: string) => {
        cluster.reload()
        await expect
          .poll(async () => (await cluster.sql(`SHOW ${name}`))[0]?.[name], { interval: 10 })
          .toBe(want)
      }
      const before = String((await cluster.sql(`SHOW ${name}`))[0]?.[name])
      await cluster.sql(`ALTER SYSTEM SET ${name} = '${value}'`)
      await shown(value)
      onTestFinished(async () => {
        const session = await cluster.session()
        await session.query('SET default_transaction_read_only = off')
        await session.query(`ALTER SYSTEM RESET ${name}`)
        await session.end()
        await shown(before)
      })
    }

    const leastRole = async () => {
      for (const statement of grants(LEAST)) await cluster.sql(statement)
      return [cluster.url(LEAST)]
    }

    for (const [name, value, words] of [
      ['fsync', 'off', /fsync=off and loses marks in a power cut; set fsync=on/],
      ['default_transaction_read_only', 'on', /read-only; write to the primary/],
    ] as const) {
      test(`${name}=${value} is refused by name, on connections from before and on new ones`, async () => {
        const { host, want, table } = await scene(cluster)
        const { marks } = await host('a')
        await marks.reserve(want(101))
        await set(name, value)
        // a running session hears of a new setting between two of its statements
        await expect
          .poll(() => marks.reserve(want(101)).catch((error: unknown) => String(error)), { timeout: 10_000 })
          .toMatch(words)
        for (const ask of [() => marks.reserve(want(102)), () => table('new').check()]) {
          expect(await refusalOf(ask)).toMatchObject({
            code: 'marks-unavailable',
            message: expect.stringMatching(words) as string,
          })
        }
      })
    }

    test('several urls on a server without a synchronous standby are refused by name', async () => {
      const { table } = await scene(cluster)
      const pair = table('pair', {
        urls: [cluster.url(), cluster.url('owner', 'sslmode=disable&host=/nowhere')],
      })
      expect(await refusalOf(() => pair.check())).toMatchObject({
        code: 'marks-unavailable',
        message: expect.stringMatching(
          /2 urls .* no synchronous standby.*synchronous_standby_names/,
        ) as string,
      })
    })

    test('a commit that was cancelled while it waited for the standby is no commit', async () => {
      const { host, want } = await scene(cluster)
      const { marks } = await host('a')
      const waiting = `SELECT pid FROM pg_stat_activity WHERE application_name = 'tezio-bridge a' AND wait_event = 'SyncRep'`
      await set('synchronous_standby_names', 'nobody')
      const settled = refusalOf(() => marks.reserve(want(101)))
      await expect.poll(() => cluster.sql(waiting), { interval: 5 }).toHaveLength(1)
      await cluster.sql(`SELECT pg_cancel_backend(pid) FROM (${waiting}) AS waiting`)
      expect(await settled).toMatchObject({ code: 'marks-unavailable' })
    })

    test('a role whose sessions do not wait for the disk waits for it all the same', async () => {
      const { host, want } = await scene(cluster)
      const urls = await leastRole()
      for (const value of ['off', 'local', 'remote_write', 'remote_apply']) {
        await cluster.sql(`ALTER ROLE ${LEAST} SET synchronous_commit = ${value}`)
        const { marks } = await host(`a-${value}`, { urls })
        expect(marks.trouble()).toBeUndefined()
        expect(await marks.reserve(want(200))).toMatchObject({
          verdict: expect.stringMatching(/advance|repeat/) as string,
        })
      }
      await cluster.sql(`ALTER ROLE ${LEAST} RESET synchronous_commit`)
    })

    test('a role with the least rights does all that a daemon does, and nothing that lowers a mark', async () => {
      const { host, want, key, seed } = await scene(cluster)
      const urls = await leastRole()
      const { marks } = await host('a', { urls })
      expect(await marks.reserve(want(101))).toMatchObject({ verdict: 'advance' })
      marks.keepSignature(want(101), signatureOf(1))
      expect(await marks.raise({ ...seed, level: 110 })).toMatchObject({ outcome: 'raised' })
      await marks.quarantine(key, digestOf(1))
      expect(await marks.clearQuarantine(key)).toBe(true)
      const spend = { key, digest: digestOf(1), mutez: 1n, feeMutez: 0n }
      expect(await marks.reserveSpend(spend, [{ hours: 1, maxMutez: 9, maxFeeMutez: undefined }])).toEqual({
        verdict: 'reserve',
      })
      const said = await refusalOf(() => marks.seed([{ ...seed, kind: 'block' }]))
      expect(said.message).toMatch(/lacks a right.*permission denied for table marks/)
      const as = (statement: string) => cluster.sql(`SET ROLE ${LEAST}; ${statement}`)
      for (const statement of [
        'DELETE FROM tezio_bridge.marks',
        'TRUNCATE tezio_bridge.marks',
        'DROP TABLE tezio_bridge.marks',
        'ALTER TABLE tezio_bridge.marks DISABLE TRIGGER ALL',
        'CREATE TABLE tezio_bridge.mine ()',
      ]) {
        await expect(as(statement)).rejects.toThrow(/permission denied|must be owner/)
      }
    })

    test('even the owner lowers, moves, deletes and empties no mark by mistake', async () => {
      const { host, want, key } = await scene(cluster)
      const { marks } = await host('a')
      await marks.reserve(want(101, 1))
      const where = `WHERE key = '${key}'`
      for (const [statement, words] of [
        [`UPDATE tezio_bridge.marks SET level = 100 ${where}`, /never lowered/],
        [`UPDATE tezio_bridge.marks SET round = 0 ${where}`, /never lowered/],
        [`UPDATE tezio_bridge.marks SET digest = NULL ${where}`, /never changes its payload/],
        [`UPDATE tezio_bridge.marks SET kind = 'block' ${where}`, /never moved/],
        [`DELETE FROM tezio_bridge.marks ${where}`, /never deleted/],
        ['TRUNCATE tezio_bridge.marks', /never deleted/],
      ] as const) {
        await expect(cluster.sql(statement)).rejects.toThrow(words)
      }
      expect(await marks.reserve(want(101, 1))).toMatchObject({ verdict: 'repeat' })
    })

    test('revoked rights are named, and given back they count again', async () => {
      const { host, want } = await scene(cluster)
      const { marks } = await host('a', { urls: await leastRole() })
      await cluster.sql(`REVOKE UPDATE ON tezio_bridge.marks FROM ${LEAST}`)
      expect(await refusalOf(() => marks.reserve(want(101)))).toMatchObject({
        code: 'marks-unavailable',
        message: expect.stringMatching(/lacks a right; give it with the GRANTs/) as string,
      })
      await leastRole()
      expect(await marks.reserve(want(101))).toMatchObject({ verdict: 'advance' })
    })

    test('a wrong password, an unknown user, a missing line and an open file are named without the password', async () => {
      const { table } = await scene(cluster)
      const passfile = join(cluster.folder, 'other-pgpass')
      const ask = (text: string, mode = 0o600, user?: string) => {
        writeFileSync(passfile, text, { mode })
        return refusalOf(() => table('a', { passfile, urls: [cluster.url(user)] }).check(), TIMEOUT_MS)
      }
      expect((await ask('*:*:*:*:wrong\n')).message).toMatch(/wrong password; put the right one/)
      expect((await ask(`*:*:*:*:${PASSWORD}\n`, 0o600, 'nobody')).message).toMatch(/wrong password/)
      expect((await ask(`db:5432:*:*:${PASSWORD}\n`)).message).toMatch(
        /has no line for it; add 127\.0\.0\.1:/,
      )
      const open = join(cluster.folder, 'open-pgpass')
      writeFileSync(open, `*:*:*:*:${PASSWORD}\n`, { mode: 0o644 })
      const said = await refusalOf(() => table('a', { passfile: open }).check(), TIMEOUT_MS)
      expect(said.message).toMatch(/mode 0644: others may read it; chmod 0600/)
      const nowhere = await refusalOf(() => table('a', { passfile: '/nowhere/pgpass' }).check(), TIMEOUT_MS)
      expect(nowhere.message).toMatch(/\/nowhere\/pgpass does not exist/)
    })

    test('a database that does not exist is named', async () => {
      const { table } = await scene(cluster)
      const urls = [cluster.url().replace('/postgres?', '/nothing?')]
      expect((await refusalOf(() => table('a', { urls }).check(), TIMEOUT_MS)).message).toMatch(
        /no such database/,
      )
    })

    test('a table that was dropped is marks-schema, and a host does not open without it', async () => {
      const { host, want, table } = await scene(cluster)
      const { marks, directory } = await host('a')
      await cluster.sql('DROP TABLE tezio_bridge.marks')
      onTestFinished(() => cluster.sql('DROP SCHEMA tezio_bridge CASCADE').then(() => undefined))
      const said = await refusalOf(() => marks.reserve(want(101)))
      expect(said).toMatchObject({
        code: 'marks-schema',
        message: expect.stringMatching(/marks migrate/) as string,
      })
      expect(marks.trouble()?.code).toBe('marks-schema')
      await marks.close()
      expect((await refusalOf(() => host('a', {}, directory))).code).toBe('marks-schema')
      expect((await refusalOf(() => host('a', {}, directory))).code).toBe('marks-schema') // it gave the directory back
      expect((await refusalOf(() => table('b').check())).code).toBe('marks-schema')
    })

    test('an unlogged table and one without its triggers are marks-schema', async () => {
      const { table } = await scene(cluster)
      const ask = () => refusalOf(() => table('a').check())
      const alter = (what: string) => cluster.sql(`ALTER TABLE tezio_bridge.marks ${what}`)
      await alter('SET UNLOGGED')
      expect(await ask()).toMatchObject({
        code: 'marks-schema',
        message: expect.stringMatching(/a crash empties it/) as string,
      })
      await alter('SET LOGGED')
      await alter('DISABLE TRIGGER marks_only_rise')
      expect(await ask()).toMatchObject({
        code: 'marks-schema',
        message: expect.stringMatching(/triggers/) as string,
      })
      await alter('ENABLE TRIGGER marks_only_rise')
      await table('a').check()
    })

    test('the schema is made once, also by several at once, and one of a newer program is left alone', async () => {
      await cluster.sql('DROP SCHEMA IF EXISTS tezio_bridge CASCADE')
      const options = { urls: [cluster.url()], passfile: cluster.passfile, timeoutMs: 15_000, host: 'm' }
      const empty = new PostgresqlTable(options)
      onTestFinished(() => empty.close())
      expect((await refusalOf(() => empty.check())).code).toBe('marks-schema')
      const made = await Promise.all([migrate(options), migrate(options), migrate(options)])
      expect(made.map(({ from }) => from).sort()).toEqual([0, SCHEMA_VERSION, SCHEMA_VERSION])
      expect(made.every(({ to }) => to === SCHEMA_VERSION)).toBe(true)
      expect((await empty.read()).marks).toEqual([])
      await during(
        `INSERT INTO tezio_bridge.versions (version) VALUES (${SCHEMA_VERSION + 1})`,
        `DELETE FROM tezio_bridge.versions WHERE version > ${SCHEMA_VERSION}`,
      )
      const other = new PostgresqlTable(options)
      onTestFinished(() => other.close())
      for (const ask of [() => migrate(options), () => other.check()]) {
        expect(await refusalOf(ask)).toMatchObject({
          code: 'marks-schema',
          message: expect.stringMatching(/use a newer program/) as string,
        })
      }
    })
  },
)
