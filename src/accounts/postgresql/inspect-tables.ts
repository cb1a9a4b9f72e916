import { z } from 'zod'
import { refuseVersion, TableFault, type InspectTables } from '../../shared-marks/index.js'
import { ACCOUNT_TABLES } from './schema.js'

const facts = z.object({
  version: z.number().nullable(),
  unlogged: z.string().nullable(),
  triggers: z.number(),
})

const TABLES = ['accounts', 'account_intents', 'vault']
const TRIGGERS = ['accounts_stay', 'accounts_stay_all', 'vault_stays', 'vault_stays_all']

/** A table that was made unlogged is empty after a crash, and one without its triggers lets an account be deleted. */
const FACTS = `SELECT (SELECT max(version) FROM ${ACCOUNT_TABLES.versions}) AS "version",
  (SELECT string_agg(relname, ', ') FROM pg_class WHERE relpersistence <> 'p'
    AND oid IN (${TABLES.map((table) => `'tezio_bridge.${table}'::regclass`).join(', ')})) AS "unlogged",
  (SELECT count(*)::int FROM pg_trigger WHERE tgenabled IN ('O', 'A')
    AND tgrelid IN ('tezio_bridge.accounts'::regclass, 'tezio_bridge.vault'::regclass)
    AND tgname IN (${TRIGGERS.map((name) => `'${name}'`).join(', ')})) AS "triggers"`

/** Throws why the tables of accounts are not as they must be. */
export const inspectAccountTables: InspectTables = async (connection, left) => {
  const [row] = await connection.send(left(), FACTS)
  const { version, unlogged, triggers } = facts.parse(row)
  refuseVersion(version, ACCOUNT_TABLES)
  if (unlogged !== null) {
    throw wrong(`unlogged: ${unlogged}, which a crash empties; ALTER TABLE tezio_bridge.TABLE SET LOGGED`)
  }
  if (triggers !== TRIGGERS.length) {
    throw wrong(
      'the triggers of accounts and vault are off; ALTER TABLE tezio_bridge.TABLE ENABLE TRIGGER ALL',
    )
  }
}

function wrong(text: string): TableFault {
  return new TableFault('marks-schema', text, false)
}
