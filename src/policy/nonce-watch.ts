import type { PublicKeyHash } from '../tezos/index.js'
import type { NewEntry } from './marks-entry.js'

/** Nonces remembered for each key; older ones are forgotten, oldest first. */
const REMEMBERED = 10_000
/** R is the first half of a signature of 64 bytes. */
const R_HEX = 64

/** That an ECDSA key, by any name of it, used a nonce, known by its `r`, for the payload of a digest; both in hex. */
export type NonceUse = { readonly key: string; readonly r: string; readonly digest: string }

/** The nonce of a signature in hex; `undefined` for Ed25519, whose nonces follow from key and payload. */
export function nonceUse(key: PublicKeyHash, digest: string, signature: string): NonceUse | undefined {
  return key.startsWith('tz1') ? undefined : { key, digest, r: signature.slice(0, R_HEX) }
}

/** The nonce of the signature in a line of the marks' journal; `undefined` where there is none. */
export function nonceOf(entry: NewEntry): NonceUse | undefined {
  if (entry.type !== 'signature' && entry.type !== 'mark') return undefined
  const { key, digest, signature } = entry
  return digest === null || signature === null ? undefined : nonceUse(key, digest, signature)
}

/**
 * Notices an ECDSA key that uses the same nonce for two digests: two such signatures give the secret key away,
 * so the second must not leave the host.
 */
export class NonceWatch {
  readonly #seen = new Map<string, Map<string, string>>()

  constructor(known: Iterable<NonceUse> = []) {
    for (const use of known) this.accepts(use)
  }

  /** Whether a signature with this nonce may be released: `false` when its `r` was seen with another digest. */
  accepts({ key, r, digest }: NonceUse): boolean {
    const seen = this.#seen.get(key) ?? new Map<string, string>()
    this.#seen.set(key, seen)
    const before = seen.get(r)
    if (before !== undefined) return before === digest
    seen.set(r, digest)
    if (seen.size > REMEMBERED) {
      const [oldest] = seen.keys()
      if (oldest !== undefined) seen.delete(oldest)
    }
    return true
  }
}
