import { z } from 'zod'
import type { Connection } from './connection.js'
import { TableFault } from './fault.js'
import { SCHEMA_VERSION } from './schema.js'
import { DURABILITY, durability, PREPARE_SESSION, refuseUnsafeServer } from './server-facts.js'

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

/** Throws why the tables are not as they must be. */
export async function inspectSchema(connection: Connection, left: () => number): Promise<void> {
  const [row] = await connection.send(left(), SCHEMA_FACTS)
  const { version, isLogged, triggers } = schemaFacts.parse(row)
  if (version === null || version < SCHEMA_VERSION) {
    const found = version === null ? 'has no version' : `has version ${version}`
    throw wrong(
      `the schema tezio_bridge ${found}, and this program needs ${SCHEMA_VERSION}; run tezio-bridge marks migrate`,
    )
  }
  if (version > SCHEMA_VERSION) throw newerSchema(version)
  if (!isLogged) {
    throw wrong('the table marks is unlogged: a crash empties it; ALTER TABLE tezio_bridge.marks SET LOGGED')
  }
  if (triggers !== 2) {
    throw wrong('the triggers of the table marks are off; ALTER TABLE tezio_bridge.marks ENABLE TRIGGER ALL')
  }
}

/** A schema that a newer program made. */
export function newerSchema(version: number): TableFault {
  return wrong(
    `the schema tezio_bridge has version ${version}, and this program knows ${SCHEMA_VERSION}; use a newer program`,
  )
}

function wrong(text: string): TableFault {
  return new TableFault('marks-schema', text, false)
}
