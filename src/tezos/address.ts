import { decodeBase58, encodeBase58 } from './base58check.js'

/** By the tag of a public key hash (octez `signature_v3.ml`). */
const HASH_FORMS = ['tz1', 'tz2', 'tz3', 'tz4', 'tz5'] as const

/** The tags of a contract (octez `contract_repr.ml`). */
const IMPLICIT = 0x00
const ORIGINATED = 0x01

/** An account's address from its tag byte and 20 bytes; `undefined` for other bytes. */
export function accountAddress(bytes: Uint8Array): string | undefined {
  const form = HASH_FORMS[bytes[0] ?? HASH_FORMS.length]
  return form === undefined || bytes.length !== 21 ? undefined : encodeBase58(form, bytes.subarray(1))
}

/** The address of an account or an originated contract from its 22 bytes; `undefined` for other bytes. */
export function contractAddress(bytes: Uint8Array): string | undefined {
  if (bytes[0] === IMPLICIT) return accountAddress(bytes.subarray(1))
  if (bytes[0] !== ORIGINATED || bytes.length !== 22) return undefined
  return encodeBase58('KT1', bytes.subarray(1, 21))
}

/** Whether a text is the address of an account or of an originated contract, with a right checksum. */
export function isContractAddress(text: string): boolean {
  return decodeBase58(text, [...HASH_FORMS, 'KT1']) !== undefined
}
