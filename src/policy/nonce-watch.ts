import { toHex, type PublicKeyHash } from '../tezos/index.js'

/** Signatures remembered for each key; older ones are forgotten, oldest first. */
const REMEMBERED = 10_000
const R_BYTES = 32

/**
 * Notices an ECDSA key that uses the same nonce for two digests: two such signatures give the secret key away,
 * so the second must not leave the host, and nothing more is made with that key. It remembers in memory, and what
 * the marks hold after a restart.
 */
export class NonceWatch {
  readonly #seen = new Map<PublicKeyHash, Map<string, string>>()
  readonly #quarantined = new Set<PublicKeyHash>()

  /** Whether a signature by `key` was withheld; it stays so until an operator looked and started the bridge again. */
  isQuarantined(key: PublicKeyHash): boolean {
    return this.#quarantined.has(key)
  }

  /** Whether `signature` may be released: `false` when its `r` was seen with another digest. */
  accepts(key: PublicKeyHash, digest: string, signature: Uint8Array): boolean {
    const seen = this.#seen.get(key) ?? new Map<string, string>()
    this.#seen.set(key, seen)
    const r = toHex(signature.subarray(0, R_BYTES))
    const before = seen.get(r)
    if (before !== undefined && before !== digest) this.#quarantined.add(key)
    if (before !== undefined) return before === digest
    seen.set(r, digest)
    if (seen.size > REMEMBERED) {
      const [oldest] = seen.keys()
      if (oldest !== undefined) seen.delete(oldest)
    }
    return true
  }
}
