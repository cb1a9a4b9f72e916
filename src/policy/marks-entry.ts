import { z } from 'zod'
import { MARK_KINDS, type ChainId, type PublicKeyHash } from '../tezos/index.js'
import { hexText as hex, lineHead as head, openingSchema, type Unchained } from './journal-line.js'

const CHAIN = /^Net[1-9A-HJ-NP-Za-km-z]{12}$/
const PUBLIC_KEY_HASH = /^tz[1-4][1-9A-HJ-NP-Za-km-z]{33}$/
const uint31 = z.int().min(0).max(0x7fffffff)
const amount = z.string().regex(/^(?:0|[1-9]\d{0,23})$/)
const position = {
  // The checksum vouches for what was written; their base58 was checked when they were made.
  chain: z.custom<ChainId>((text) => typeof text === 'string' && CHAIN.test(text)),
  key: z.custom<PublicKeyHash>((text) => typeof text === 'string' && PUBLIC_KEY_HASH.test(text)),
  kind: z.enum(MARK_KINDS),
  level: uint31,
  round: uint31,
}

/** The lines of the marks' journal. */
export const entrySchema = z.discriminatedUnion('type', [
  openingSchema,
  /** A mark was raised, or set for the first time by `seed`; `shared` does either, to what a table of several hosts says. */
  z.strictObject({
    ...head,
    type: z.literal('mark'),
    why: z.enum(['seed', 'request', 'operator', 'import', 'shared', 'snapshot']),
    ...position,
    digest: hex(32).nullable(),
    signature: hex(64).nullable(),
  }),
  /** The signature of the payload that the mark at this very position stands for. */
  z.strictObject({ ...head, type: z.literal('signature'), ...position, digest: hex(32), signature: hex(64) }),
  /** The device used a nonce twice: this key signs nothing more. `digest` is the payload's whose signature was withheld. */
  z.strictObject({ ...head, type: z.literal('quarantine'), key: position.key, digest: hex(32) }),
  /** An operator looked at the device and lets the key sign again. */
  z.strictObject({ ...head, type: z.literal('quarantine-cleared'), key: position.key }),
  /** An operation of a key with spend windows is let through; `mutez` may be beyond what a JSON number holds. */
  z.strictObject({
    ...head,
    type: z.literal('spend'),
    key: position.key,
    digest: hex(32),
    mutez: amount,
    feeMutez: amount,
  }),
  /** The marks were exported to another host: nothing follows, and nothing is signed with this journal any more. */
  z.strictObject({ ...head, type: z.literal('tombstone') }),
])

/** A line of the marks' journal before it gets its place in the chain. */
export type NewEntry = Unchained<z.infer<typeof entrySchema>>
