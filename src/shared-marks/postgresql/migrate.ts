import { z } from 'zod'
import { monotonicClock } from '../../clock.js'
import { Connections } from './connections.js'
import { refuseVersion } from './inspect.js'
import { placesOf, SHARED_MARKS, type PostgresqlOptions } from './postgresql-table.js'
import { firstRow } from './rows.js'
import { MARKS_TABLES, type TableSet } from './schema.js'

/** What a migration did: the versions before and after; 0 is none. */
export type Migrated = { readonly from: number; readonly to: number }

const versionRow = z.object({ version: z.number() })

/** Made in any case; the lock keeps a second one that comes at the same time waiting. */
const prepare = (versions: string) => [
  `SELECT pg_advisory_xact_lock(hashtextextended('tezio_bridge.migrate', 0))`,
  'CREATE SCHEMA IF NOT EXISTS tezio_bridge',
  `CREATE TABLE IF NOT EXISTS ${versions}
    (version integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp())`,
]

/**
 * Brings tables, those of marks unless others are named, to the version that this program needs, with a role that may create it, in one transaction. Called
 * again it changes nothing. Rejects with a StateError: `marks-schema` where a newer program was here.
 */
export async function migrate(
  options: PostgresqlOptions,
  tables: TableSet = MARKS_TABLES,
): Promise<Migrated> {
  const { urls, passfile, timeoutMs, host, clock = monotonicClock, onEvent = () => undefined } = options
  const connections = new Connections({
    ...{ places: placesOf(urls), passfile, timeoutMs, host, clock, onEvent, what: SHARED_MARKS },
  })
  try {
    return await connections.use(async (send) => {
      await send('BEGIN')
      for (const statement of prepare(tables.versions)) await send(statement)
      const rows = await send(`SELECT coalesce(max(version), 0) AS "version" FROM ${tables.versions}`)
      const from = firstRow(versionRow, rows)?.version ?? 0
      const to = tables.migrations.length
      if (from > to) refuseVersion(from, tables)
      for (const [index, statements] of tables.migrations.entries()) {
        if (index < from) continue
        await send(statements)
        await send(`INSERT INTO ${tables.versions} (version) VALUES ($1)`, [index + 1])
      }
      await send('COMMIT')
      return { from, to }
    })
  } finally {
    await connections.close()
  }
}
