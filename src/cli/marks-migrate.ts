import { hostname } from 'node:os'
import { loadConfig } from '../config/index.js'
import { grants, migrate, urlProblem, type Migrated, type PostgresqlOptions } from '../shared-marks/index.js'
import { UsageError } from './exit-code.js'
import { json, type Output } from './output.js'
import type { ConfigOptions } from './serve.js'

export type MigrateOptions = ConfigOptions & {
  /** A role that may create tables; the configured one unless told. */
  readonly url?: string | undefined
  readonly passfile?: string | undefined
  /** Whose GRANT statements are printed. */
  readonly role?: string | undefined
  readonly json?: boolean | undefined
}

/** Making tables takes longer than raising a mark. */
const TIMEOUT_MS = 30_000

/** Makes or renews the tables of `marks.postgresql`, those of accounts where some are configured, and says what the daemon's role needs. Rejects with a StateError. */
export async function migrateMarks(options: MigrateOptions, { out }: Output): Promise<void> {
  const { marks, accounts } = loadConfig(options.config, { stateDir: options.stateDir })
  const { shared } = marks
  if (shared?.kind !== 'postgresql') {
    throw new UsageError('marks.postgresql is not configured, and nothing else has tables to make')
  }
  const { url } = options
  const problem = url === undefined ? undefined : urlProblem(url)
  if (problem !== undefined) throw new UsageError(`--url ${problem}`)
  const place = {
    urls: url === undefined ? shared.urls : [url],
    passfile: options.passfile ?? shared.passFile,
    timeoutMs: TIMEOUT_MS,
    host: hostname(),
  }
  const { from, to } = await migrate(place)
  const ofAccounts = accounts && (await migrateAccounts(place, options.role))
  const marksGrants = options.role === undefined ? [] : grants(options.role)
  const statements = [...marksGrants, ...(ofAccounts?.grants ?? [])]
  if (options.json === true) {
    const { from: before, to: after } = ofAccounts ?? {}
    const others = ofAccounts === undefined ? {} : { accounts: { from: before, to: after } }
    out(json({ from, to, ...others, grants: statements }))
    return
  }
  out(wordsFor('the tables', { from, to }))
  if (ofAccounts !== undefined) out(wordsFor('the tables of accounts', ofAccounts))
  if (statements.length > 0) out(`\n${statements.map((statement) => `${statement};\n`).join('')}`)
}

/** The tables of accounts are nobody's who has none; theirs have a version of their own. */
async function migrateAccounts(
  place: PostgresqlOptions,
  role: string | undefined,
): Promise<Migrated & { readonly grants: readonly string[] }> {
  const { ACCOUNT_TABLES, accountGrants } = await import('../accounts/postgresql/index.js')
  const migrated = await migrate(place, ACCOUNT_TABLES)
  return { ...migrated, grants: role === undefined ? [] : accountGrants(role) }
}

function wordsFor(what: string, { from, to }: Migrated): string {
  return from === to
    ? `${what} are up to date: version ${to}\n`
    : `${what} went from version ${from} to ${to}\n`
}
