import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { z } from 'zod'

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`))

/** How something sealed is written: 32 bytes under AES-256-GCM, all parts in lower-case hex. */
export const sealedSchema = z.strictObject({ nonce: hex(NONCE_BYTES), ct: hex(32), tag: hex(TAG_BYTES) })

/** 32 secret bytes under AES-256-GCM, in lower-case hex. */
export type Sealed = z.infer<typeof sealedSchema>

/** What stands beside a seal in clear and is bound to it. */
export type ClearFields = Readonly<Record<string, string | number | undefined>>

/**
 * Seals 32 bytes with a 32-byte key, bound to `clear`. Nonces are random: one key may seal some 2^32 times before two
 * of them are likely to be equal (NIST SP 800-38D, 8.3).
 */
export function seal(key: Uint8Array, clear: ClearFields, secret: Uint8Array): Sealed {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(canonical(clear))
  const ct = Buffer.concat([cipher.update(secret), cipher.final()])
  return {
    nonce: nonce.toString('hex'),
    ct: ct.toString('hex'),
    tag: cipher.getAuthTag().toString('hex'),
  }
}

/** The sealed bytes, for the caller to wipe; `undefined` with another key, another `clear` or a changed seal. */
export function unseal(key: Uint8Array, clear: ClearFields, sealed: Sealed): Buffer | undefined {
  const nonce = Buffer.from(sealed.nonce, 'hex')
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(canonical(clear))
  decipher.setAuthTag(Buffer.from(sealed.tag, 'hex'))
  const secret = decipher.update(Buffer.from(sealed.ct, 'hex'))
  try {
    decipher.final()
    return secret
  } catch {
    secret.fill(0)
    return undefined
  }
}

/** One text for one set of fields, whatever order they are named in: pairs by name, as JSON. */
function canonical(clear: ClearFields): Buffer {
  const pairs = Object.entries(clear)
    .filter(([, value]) => value !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1))
  return Buffer.from(JSON.stringify(pairs))
}
