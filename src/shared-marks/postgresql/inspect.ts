import { z } from 'zod'
import type { Connection } from './connection.js'
import { TableFault } from './fault.js'
import { MARKS_TABLES, type TableSet } from './schema.js'
import { DURABILITY, durability, PREPARE_SESSION, refuseUnsafeServer } from './server-facts.js'

/** Throws why tables are not as they must be. `left` tells how many ms there are. */
export type InspectTables = (connection: Pick<Connection, 'send'>, left: () => number) => Promise<void>

const schemaFacts = z.object({
  version: z.number().nullable(),
  isLogged: z.boolean(),
  triggers: z.number(),
})

/** A table that was made unlogged is empty after a crash, and one without its triggers lets a mark be lowered. */
const SCHEMA_FACTS = `SELECT (SELECT max(version) FROM tezio_bridge.versions) AS "version",
  relpersistence = 'p' AS "isLogged",
  (SELECT count(*)::int FROM pg_trigger WHERE tgrelid = pg_class.oid AND tgenabled IN ('O', 'A')
    AND tgname IN ('marks_only_rise', 'marks_stay')) AS "triggers"
  FROM pg_class WHERE oid = 'tezio_bridge.marks'::regclass`

/** Prepares a new session, and throws why its server cannot be relied on. `left` tells how many ms there are. */
export async function inspectServer(
  connection: Connection,
  servers: number,
  left: () => number,
): Promise<void> {
  await connection.send(left(), PREPARE_SESSION)
  const [row] = await connection.send(left(), `SELECT ${DURABILITY}`)
  refuseUnsafeServer(durability.parse(row), servers)
}

/** Throws why the tables of marks are not as they must be. */
export const inspectMarks: InspectTables = async (connection, left) => {
  const [row] = await connection.send(left(), SCHEMA_FACTS)
  const { version, isLogged, triggers } = schemaFacts.parse(row)
  refuseVersion(version, MARKS_TABLES)
  if (!isLogged) {
    throw wrong('the table marks is unlogged: a crash empties it; ALTER TABLE tezio_bridge.marks SET LOGGED')
  }
  if (triggers !== 2) {
    throw wrong('the triggers of the table marks are off; ALTER TABLE tezio_bridge.marks ENABLE TRIGGER ALL')
  }
}

/** Throws what to do about a version that is not the one that this program needs; `null` where none is written. */
export function refuseVersion(version: number | null, tables: TableSet): void {
  const needed = tables.migrations.length
  if (version === null || version < needed) {
    const found = version === null ? 'has no version' : `has version ${version}`
    throw wrong(`${tables.name} ${found}, and this program needs ${needed}; run tezio-bridge marks migrate`)
  }
  if (version > needed) {
    throw wrong(
      `${tables.name} has version ${version}, and this program knows ${needed}; use a newer program`,
    )
  }
}

function wrong(text: string): TableFault {
  return new TableFault('marks-schema', text, false)
}
