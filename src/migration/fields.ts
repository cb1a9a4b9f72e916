import { z } from 'zod'
import { MARK_KINDS, parseChainId, parsePublicKeyHash, type MarkKind } from '../tezos/index.js'

const MAX_INT32 = 0x7fffffff

const parsed = <Value>(read: (text: string) => Value | undefined, what: string) =>
  z.string().transform((text, context) => {
    const value = read(text)
    if (value !== undefined) return value
    context.issues.push({ code: 'custom', input: text, message: `${JSON.stringify(text)} is not ${what}` })
    return z.NEVER
  })

/** A chain's id; names are for people and not for files. */
export const chainField = parsed(
  (text) => (text.startsWith('Net') ? parseChainId(text) : undefined),
  'a chain id (NetX...)',
)

export const keyField = parsed(parsePublicKeyHash, 'a public key hash (tz1 to tz4)')

export const kindField = z.enum(MARK_KINDS)

/** Level and round, 0 to 2^31 - 1. */
export const levelField = z.int().min(0).max(MAX_INT32)

/** 32 bytes in hex, read as lower case. */
export const digestField = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/, 'not 32 bytes in hex')
  .toLowerCase()

/** Mutez in decimal digits: more than a JSON number holds. */
export const amountField = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,23})$/, 'not a whole number of mutez')
  .transform(BigInt)

const KIND_BY_NAME: ReadonlyMap<string, MarkKind> = new Map([
  ['block', 'block'],
  ['preattestation', 'preattestation'],
  ['preendorsement', 'preattestation'],
  ['attestation', 'attestation'],
  ['endorsement', 'attestation'],
])

/** A kind by any of the names that signers gave it over the years; attestations were endorsements once. */
export function kindByName(name: string): MarkKind | undefined {
  return KIND_BY_NAME.get(name)
}

/** Another name is refused and not passed over: it could be a mark's. */
export const kindNameField = parsed(kindByName, `one of ${[...KIND_BY_NAME.keys()].join(', ')}`)
