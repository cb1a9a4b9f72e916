import bs58check from 'bs58check'
import { concatBytes, equalBytes, fromHex } from './bytes.js'

const row = (prefixHex: string, size: number) => ({ prefix: fromHex(prefixHex) ?? new Uint8Array(), size })

/**
 * Prefix bytes and payload sizes of every text form used here.
 * Source: octez `src/lib_crypto/base58.ml:378-478`.
 */
const FORMS = {
  tz1: row('06a19f', 20),
  tz2: row('06a1a1', 20),
  tz3: row('06a1a4', 20),
  tz4: row('06a1a6', 20),
  edpk: row('0d0f25d9', 32),
  sppk: row('03fee256', 33),
  p2pk: row('03b28b7f', 33),
  BLpk: row('069587cc', 48),
  edsig: row('09f5cd8612', 64),
  spsig1: row('0d7365133f', 64),
  p2sig: row('36f02c34', 64),
  sig: row('04822b', 64),
  BLsig: row('28ab40cf', 96),
  Net: row('575200', 4),
} as const

/** A base58check form by the letters its text begins with. */
export type Base58Form = keyof typeof FORMS

export type Base58Decoded = { readonly form: Base58Form; readonly payload: Uint8Array }

/** The longest text any form has; longer input is refused before it is decoded. */
const MAX_TEXT = 142

/** Text of `payload` in `form`. Throws a RangeError when the payload has another size than the form's. */
export function encodeBase58(form: Base58Form, payload: Uint8Array): string {
  const { prefix, size } = FORMS[form]
  if (payload.length !== size) {
    throw new RangeError(`${form} takes ${size} bytes, not ${payload.length}`)
  }
  return bs58check.encode(concatBytes(prefix, payload))
}

/** What `text` says, when it is one of `forms` with its exact size and a right checksum; `undefined` otherwise. */
export function decodeBase58(text: string, forms: readonly Base58Form[]): Base58Decoded | undefined {
  if (text.length > MAX_TEXT) return undefined
  const bytes = bs58check.decodeUnsafe(text)
  if (bytes === undefined) return undefined
  for (const form of forms) {
    const { prefix, size } = FORMS[form]
    if (bytes.length === prefix.length + size && equalBytes(bytes.subarray(0, prefix.length), prefix)) {
      return { form, payload: bytes.slice(prefix.length) }
    }
  }
  return undefined
}
