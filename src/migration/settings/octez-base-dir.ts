import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { systemErrorCode } from '../../system-error.js'
import { decodePublicKey, parsePublicKeyHash, publicKeyHash, type PublicKeyHash } from '../../tezos/index.js'
import { MigrationError } from '../migration-error.js'
import { octezSignerKind } from '../octez-signer.js'
import { parseStrictJson } from '../../strict-json.js'

/** What octez-signer's base directory tells without its secrets: `secret_keys` is never opened. */
export type OctezBaseDir = {
  readonly path: string
  readonly keys: readonly { readonly address: PublicKeyHash; readonly publicKey: string | undefined }[]
  /** The values of `authorized_keys`; `undefined` where there is no such file. */
  readonly authorizedKeys: readonly string[] | undefined
  /** Whether files of high-water marks are there. */
  readonly hasMarks: boolean
}

/** Lists of names; a file that is larger is something else. */
const MAX_BYTES = 1024 * 1024

/** Octez' form of a wallet's files. Source: octez `src/lib_client_base/client_aliases.ml`. */
const aliases = z.array(z.object({ name: z.string(), value: z.unknown() }))

/** `public_keys`: a locator, or a locator and the key. */
const keyValue = z.union([
  z.string(),
  z
    .object({ locator: z.string(), key: z.string().optional() })
    .transform(({ locator, key }) => key ?? locator),
])

/**
 * Reads what is there; `undefined` where there is no such folder. Throws a MigrationError for a file that cannot be
 * relied on, or a folder that cannot be read.
 */
export function readBaseDir(path: string): OctezBaseDir | undefined {
  if (!existsSync(path)) return undefined
  const addresses = (valuesOf(path, 'public_key_hashs') ?? []).map((value) => addressOf(path, value))
  const known = new Map<PublicKeyHash, string>()
  for (const value of valuesOf(path, 'public_keys') ?? []) {
    const text = keyValue.safeParse(value).data?.replace(/^unencrypted:/, '') ?? ''
    const key = decodePublicKey(text)
    if (key !== undefined) known.set(publicKeyHash(key), text)
  }
  const all = [...new Set([...addresses, ...known.keys()])]
  return {
    path,
    keys: all.map((address) => ({ address, publicKey: known.get(address) })),
    authorizedKeys: valuesOf(path, 'authorized_keys')?.map(String),
    hasMarks: namesIn(path).some((name) => octezSignerKind(name) !== undefined),
  }
}

function addressOf(path: string, value: unknown): PublicKeyHash {
  const address = typeof value === 'string' ? parsePublicKeyHash(value) : undefined
  if (address !== undefined) return address
  throw new MigrationError(
    `${join(path, 'public_key_hashs')}: an entry is not an address (tz1 to tz4) with a right checksum`,
  )
}

/** The values of a wallet's file; `undefined` where there is none. */
function valuesOf(folder: string, name: string): readonly unknown[] | undefined {
  const path = join(folder, name)
  const text = textOf(path)
  if (text === undefined) return undefined
  const parsed = parseStrictJson(text)
  if (parsed.problem !== undefined) throw new MigrationError(`${path}: ${parsed.problem}`)
  const list = aliases.safeParse(parsed.value)
  if (list.success) return list.data.map(({ value }) => value)
  throw new MigrationError(`${path}: it is not a list of names with their values, as octez-signer writes it`)
}

function textOf(path: string): string | undefined {
  try {
    const stat = statSync(path)
    if (!stat.isFile()) throw new MigrationError(`${path}: it is not a regular file`)
    if (stat.size > MAX_BYTES) {
      throw new MigrationError(`${path}: it has ${stat.size} bytes, and ${MAX_BYTES} are read at most`)
    }
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch (error) {
    const reason = systemErrorCode(error) ?? 'unknown reason'
    throw unreadable(path, reason)
  }
}

/** A base directory that nothing can be told of. */
export function unreadable(path: string, reason: string): MigrationError {
  return new MigrationError(
    `${path}: octez-signer's base directory cannot be read (${reason}); name another with --base-dir, or the keys with --key`,
  )
}
