import { createHash, randomBytes } from 'node:crypto'
import type { Scope } from '../caller.js'
import { changeApiKeys, readApiKeys, type StoredApiKey } from './api-key-file.js'

/** What is told of a key: all but the digest of its secret. */
export type ApiKeyView = Omit<StoredApiKey, 'sha256'>

export type NewApiKey = {
  readonly scopes: readonly Scope[]
  readonly perMinute: number
  /** Whose accounts it makes and sees; by default its own, under its id. */
  readonly owner?: string | undefined
}

/** Makes a key. Its text is told here and never again; it holds at once, also in a running daemon. */
export async function createApiKey(
  stateDir: string,
  { scopes, perMinute, owner }: NewApiKey,
  now: Date = new Date(),
): Promise<{ readonly text: string; readonly key: ApiKeyView }> {
  const id = randomBytes(8).toString('hex')
  const secret = randomBytes(32)
  const key = { id, owner: owner ?? id, scopes: [...scopes], perMinute, createdAt: now.toISOString() }
  await changeApiKeys(stateDir, (keys) => [...keys, { ...key, sha256: digestOf(secret).toString('hex') }])
  return { text: `tz_${id}_${secret.toString('hex')}`, key }
}

/** The keys of a state directory. Throws an AccountsError. */
export function listApiKeys(stateDir: string): readonly ApiKeyView[] {
  return readApiKeys(stateDir).map(({ id, owner, scopes, perMinute, createdAt }) => {
    return { id, owner, scopes, perMinute, createdAt }
  })
}

/** Ends a key, at once, also in a running daemon; false where there is none. Its owner's accounts stay. */
export async function revokeApiKey(stateDir: string, id: string): Promise<boolean> {
  let isThere = false
  await changeApiKeys(stateDir, (keys) => {
    isThere = keys.some((key) => key.id === id)
    return keys.filter((key) => key.id !== id)
  })
  return isThere
}

/** The SHA-256 of a secret. */
export function digestOf(secret: Uint8Array): Buffer {
  return createHash('sha256').update(secret).digest()
}
