import { z } from 'zod'
import { loadConfig, type Config } from '../../config/index.js'
import {
  createApiKey,
  listApiKeys,
  ownerSchema,
  revokeApiKey,
  SCOPES,
  type Scope,
} from '../../accounts/index.js'
import { RefusedError, UsageError } from '../exit-code.js'
import { json, table, type Output } from '../output.js'
import type { ConfigOptions } from '../serve.js'
import { askAccounts } from './ask-accounts.js'

export type ApiKeyOptions = ConfigOptions & {
  readonly scope?: readonly string[] | undefined
  readonly perMinute?: number | undefined
  readonly owner?: string | undefined
  readonly json?: boolean | undefined
}

const listSchema = z.object({
  accounts: z.array(
    z.object({
      ...{ address: z.string(), publicKey: z.string(), custody: z.string() },
      ...{ owner: z.string(), createdAt: z.string() },
    }),
  ),
})

/** Shows every account of the running daemon. */
export async function listAccounts(options: ApiKeyOptions, { out }: Output): Promise<void> {
  const { accounts } = listSchema.parse(await askAccounts(configOf(options).stateDir, 'list'))
  const rows = accounts.map(({ address, custody, owner, createdAt }) => [address, custody, owner, createdAt])
  out(options.json === true ? json({ accounts }) : table(['ADDRESS', 'CUSTODY', 'OWNER', 'SINCE'], rows))
}

/** Makes an API key and shows it once. It holds at once, also in a running daemon. */
export async function makeApiKey(options: ApiKeyOptions, { out }: Output): Promise<void> {
  const { stateDir } = configOf(options)
  const { owner, perMinute = 60 } = options
  if (owner !== undefined && !ownerSchema.safeParse(owner).success) {
    throw new UsageError('--owner is not 1 to 64 letters, digits, dots, dashes and underscores')
  }
  const made = await createApiKey(stateDir, { scopes: readScopes(options.scope), perMinute, owner })
  if (options.json === true) out(json(made))
  else
    out(
      `${made.text}\n\nIt is shown once. Its id is ${made.key.id}, its accounts belong to ${made.key.owner}.\n`,
    )
}

/** Shows the API keys, without their secrets. */
export function showApiKeys(options: ApiKeyOptions, { out }: Output): void {
  const keys = listApiKeys(configOf(options).stateDir)
  const rows = keys.map(({ id, owner, scopes, perMinute, createdAt }) => {
    return [id, owner, scopes.join(' '), String(perMinute), createdAt]
  })
  out(options.json === true ? json({ keys }) : table(['KEY', 'OWNER', 'SCOPES', 'A MINUTE', 'SINCE'], rows))
}

/** Ends an API key, at once, also in a running daemon. */
export async function endApiKey(id: string, options: ApiKeyOptions, { out }: Output): Promise<void> {
  if (!(await revokeApiKey(configOf(options).stateDir, id)))
    throw new RefusedError(`there is no API key ${id}`)
  out(options.json === true ? json({ revoked: [id] }) : `${id} is revoked\n`)
}

function configOf(options: ConfigOptions): Config {
  return loadConfig(options.config, { stateDir: options.stateDir })
}

function readScopes(given: readonly string[] = SCOPES): readonly Scope[] {
  return given.map((text) => {
    const scope = SCOPES.find((known) => known === text)
    if (scope === undefined) throw new UsageError(`--scope ${text} is none of ${SCOPES.join(', ')}`)
    return scope
  })
}
