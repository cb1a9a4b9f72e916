import { scrypt } from 'node:crypto'
import { z } from 'zod'

/** What is written beside a slot: how its passphrase was made slow to guess. */
export const kdfSchema = z.strictObject({
  name: z.literal('scrypt'),
  n: z.int().min(2),
  r: z.int().min(1),
  p: z.int().min(1),
})

/** scrypt's parameters (RFC 7914). */
export type Kdf = z.infer<typeof kdfSchema>

/** About 270 ms and 128 MiB on a host of today. */
export const SCRYPT: Kdf = { name: 'scrypt', n: 2 ** 17, r: 8, p: 1 }

/** The most memory that a slot may ask for; scrypt needs 128 * n * r bytes. */
const MAX_BYTES = 512 * 2 ** 20
const MAX_P = 16
/** What OpenSSL needs beside the memory that scrypt itself names. */
const SPARE_BYTES = 2 ** 20

/**
 * Why parameters are not used: they may come from a file that somebody else wrote, and could name all memory there is.
 * `undefined` for those that are.
 */
export function kdfProblem({ n, r, p }: Kdf): string | undefined {
  const bytes = 128 * n * r
  if (bytes > MAX_BYTES) {
    return `scrypt with N=${n} and r=${r} needs ${bytes / 2 ** 20} MiB; ${MAX_BYTES / 2 ** 20} MiB is the most`
  }
  if (p > MAX_P) return `scrypt with p=${p}; ${MAX_P} is the most`
  if (Math.log2(n) >= 16 * r)
    return `scrypt with N=${n} and r=${r}, where N must be below 2^${16 * r} (RFC 7914)`
  return Number.isInteger(Math.log2(n)) ? undefined : `scrypt with N=${n}, which is no power of 2`
}

/**
 * 32 bytes of a passphrase, off the event loop, for the caller to wipe. Throws a RangeError for parameters that
 * `kdfProblem` names.
 */
export function stretch(secret: Uint8Array, salt: Uint8Array, kdf: Kdf): Promise<Buffer> {
  const problem = kdfProblem(kdf)
  if (problem !== undefined) throw new RangeError(problem)
  const { n, r, p } = kdf
  // without it Node refuses whatever needs more than 32 MiB
  const maxmem = 128 * n * r + 128 * r * p + SPARE_BYTES
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, 32, { N: n, r, p, maxmem }, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}
