import { constants } from 'node:fs'
import { join } from 'node:path'
import { waitForLock } from 'fs-native-extensions'
import { z } from 'zod'
import { replaceFile, systemFiles } from '../../policy/index.js'
import { systemErrorCode } from '../../system-error.js'
import { AccountsError } from '../accounts-error.js'
import { SCOPES } from '../caller.js'

/** The file's name in the state directory. */
export const API_KEYS_NAME = 'api-keys.json'
const LOCK_NAME = 'api-keys.lock'

/** An API key as it is kept: never its secret. */
const apiKeySchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  /** Of the secret's 32 bytes, which nobody can guess: a slow hash would add nothing. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  owner: z.string().regex(/^[\w.-]{1,64}$/),
  scopes: z.array(z.enum(SCOPES)).min(1),
  perMinute: z.int().min(1),
  createdAt: z.iso.datetime(),
})

const fileSchema = z.strictObject({ version: z.literal(1), keys: z.array(apiKeySchema) })

/** One API key as it is kept. */
export type StoredApiKey = z.infer<typeof apiKeySchema>

/** Whose text is read as an owner. */
export const ownerSchema = apiKeySchema.shape.owner

/** Tells one version of the file from another; `undefined` where there is none. */
export function apiKeysVersion(stateDir: string): string | undefined {
  const found = systemFiles.statSync(join(stateDir, API_KEYS_NAME), { bigint: true, throwIfNoEntry: false })
  return found && [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ')
}

/** The keys of a state directory; none where there is no file. Throws an AccountsError for a file that cannot be read. */
export function readApiKeys(stateDir: string): readonly StoredApiKey[] {
  const path = join(stateDir, API_KEYS_NAME)
  const text = readText(path)
  if (text === undefined) return []
  try {
    return fileSchema.parse(JSON.parse(text)).keys
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : 'it is not JSON'
    throw new AccountsError(
      'store-damaged',
      `${path}: ${reason}; restore it, or remove it and make new keys`,
      error,
    )
  }
}

/** Puts other keys in the place of those that are there, durably, while nobody else does. */
export async function changeApiKeys(
  stateDir: string,
  change: (keys: readonly StoredApiKey[]) => readonly StoredApiKey[],
): Promise<void> {
  const fd = openLock(join(stateDir, LOCK_NAME))
  try {
    await waitForLock(fd)
    const keys = change(readApiKeys(stateDir))
    const text = `${JSON.stringify({ version: 1, keys }, null, 2)}\n`
    replaceFile(systemFiles, stateDir, join(stateDir, API_KEYS_NAME), Buffer.from(text))
  } finally {
    systemFiles.closeSync(fd)
  }
}

function openLock(path: string): number {
  try {
    return systemFiles.openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  } catch (error) {
    const remedy = 'make the state directory first: tezio-bridge init'
    throw new AccountsError(
      'store-unavailable',
      `${path} cannot be opened: ${String(error)}; ${remedy}`,
      error,
    )
  }
}

function readText(path: string): string | undefined {
  try {
    return systemFiles.readFileSync(path, 'utf8')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw new AccountsError('store-unavailable', `${path} cannot be read: ${String(error)}`, error)
  }
}
