import { decodeAuthenticationKey } from '../../tezos/index.js'
import { MigrationError } from '../migration-error.js'
import type { Notes } from './notes.js'

/**
 * The public keys among `values`, each once, as text. What is no public key is
 * noted under `setting`. Throws a MigrationError where none is left: without any, requests would not be authenticated.
 */
export function authorizedKeys(values: readonly unknown[], setting: string, notes: Notes): readonly string[] {
  const known = new Set<string>()
  for (const value of values) {
    if (typeof value === 'string' && decodeAuthenticationKey(value) !== undefined) known.add(value)
    else {
      const reason = 'one entry is not an edpk, sppk, p2pk or BLpk public key with a right checksum'
      notes.leave(setting, reason, 'let its client use another key, and add that to policy.authorized_keys')
    }
  }
  if (known.size > 0) return [...known]
  throw new MigrationError(
    `${setting} has no key that requests can be authenticated by (edpk, sppk, p2pk or BLpk), and without one everybody could ask; put such a key there first`,
  )
}
