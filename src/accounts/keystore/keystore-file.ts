import { z } from 'zod'
import { kdfProblem } from '../vault/kdf.js'

const hex = (bytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-fA-F]{${bytes * 2}}$`), `not ${bytes} bytes in hex`)
const salt = z.string().regex(/^(?:[0-9a-fA-F]{2}){1,64}$/, 'not 1 to 64 bytes in hex')
const count = z.int().min(1)

const fileSchema = z.object({
  version: z.literal(3),
  address: z.string().regex(/^(?:0x)?[0-9a-fA-F]{40}$/, 'no address'),
  crypto: z.object({
    cipher: z.literal('aes-128-ctr'),
    cipherparams: z.object({ iv: hex(16) }),
    ciphertext: hex(32),
    mac: hex(32),
    kdf: z.enum(['scrypt', 'pbkdf2']),
    kdfparams: z.union([
      z.object({ dklen: z.literal(32), n: count, r: count, p: count, salt }),
      z.object({ dklen: z.literal(32), c: count, prf: z.literal('hmac-sha256'), salt }),
    ]),
  }),
})

/**
 * A keystore of version 3 ("Web3 Secret Storage"), as Geth, MetaMask and ethers write it: one private key. ethers writes
 * `Crypto`, in which the others begin with a small letter.
 */
export const keystoreSchema = z.preprocess((value) => {
  const { Crypto: crypto, ...rest } = z.looseObject({}).catch({}).parse(value)
  return crypto === undefined ? value : { crypto, ...rest }
}, fileSchema)

/** One keystore, read. */
export type KeystoreFile = z.infer<typeof keystoreSchema>

/** Rounds of PBKDF2; Geth writes 262,144, and ten million take some seconds. */
const MAX_ROUNDS = 10_000_000

/** Why a keystore's key derivation is not run: whoever wrote the file chose it. `undefined` where it is. */
export function derivationProblem({ crypto: { kdf, kdfparams } }: KeystoreFile): string | undefined {
  if ('c' in kdfparams) {
    if (kdf !== 'pbkdf2') return 'kdf is scrypt, and its parameters are those of pbkdf2'
    return kdfparams.c > MAX_ROUNDS ? `pbkdf2 with c=${kdfparams.c}; ${MAX_ROUNDS} is the most` : undefined
  }
  if (kdf !== 'scrypt') return 'kdf is pbkdf2, and its parameters are those of scrypt'
  const { n, r, p } = kdfparams
  return kdfProblem({ name: 'scrypt', n, r, p })
}
