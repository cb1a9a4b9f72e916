import { hostname } from 'node:os'
import { loadConfig } from '../config/index.js'
import { grants, migrate, urlProblem } from '../shared-marks/index.js'
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

/** Makes or renews the tables of `marks.postgresql`, and says what the daemon's role needs. Rejects with a StateError. */
export async function migrateMarks(options: MigrateOptions, { out }: Output): Promise<void> {
  const { shared } = loadConfig(options.config, { stateDir: options.stateDir }).marks
  if (shared?.kind !== 'postgresql') {
    throw new UsageError('marks.postgresql is not configured, and nothing else has tables to make')
  }
  const { url } = options
  const problem = url === undefined ? undefined : urlProblem(url)
  if (problem !== undefined) throw new UsageError(`--url ${problem}`)
  const { from, to } = await migrate({
    urls: url === undefined ? shared.urls : [url],
    passfile: options.passfile ?? shared.passFile,
    timeoutMs: TIMEOUT_MS,
    host: hostname(),
  })
  const statements = options.role === undefined ? [] : grants(options.role)
  if (options.json === true) {
    out(json({ from, to, grants: statements }))
    return
  }
  out(
    from === to
      ? `the tables are up to date: version ${to}\n`
      : `the tables went from version ${from} to ${to}\n`,
  )
  if (statements.length > 0) out(`\n${statements.map((statement) => `${statement};\n`).join('')}`)
}
