import { hash } from 'node:crypto'
import { z } from 'zod'
import { MARK_KINDS, type ChainId, type PublicKeyHash } from '../tezos/index.js'

/** The only format this version reads and writes. */
export const JOURNAL_FORMAT = 'tezio-bridge-marks'
export const JOURNAL_VERSION = 1

/** What the first line of all chains to. */
export const NO_PREVIOUS = '0'.repeat(64)

const CHAIN = /^Net[1-9A-HJ-NP-Za-km-z]{12}$/
const PUBLIC_KEY_HASH = /^tz[1-4][1-9A-HJ-NP-Za-km-z]{33}$/
const uint31 = z.int().min(0).max(0x7fffffff)
const amount = z.string().regex(/^(?:0|[1-9]\d{0,23})$/)
const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`))
const head = { seq: z.int().min(1), at: z.iso.datetime(), prev: hex(32) }
const position = {
  // The checksum vouches for what was written; their base58 was checked when they were made.
  chain: z.custom<ChainId>((text) => typeof text === 'string' && CHAIN.test(text)),
  key: z.custom<PublicKeyHash>((text) => typeof text === 'string' && PUBLIC_KEY_HASH.test(text)),
  kind: z.enum(MARK_KINDS),
  level: uint31,
  round: uint31,
}

const entrySchema = z.discriminatedUnion('type', [
  /** Opens a segment; the marks that stood before it follow as `snapshot` lines. */
  z.strictObject({ ...head, type: z.literal('segment'), format: z.string(), version: z.int() }),
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

/** One line of the journal, checked. */
export type JournalEntry = z.infer<typeof entrySchema>

type Unchained<Entry> = Entry extends JournalEntry ? Omit<Entry, 'seq' | 'prev'> : never

/** A line's content before it gets its place in the chain. */
export type NewEntry = Unchained<JournalEntry>

/** Where the chain stands: the last line's number and checksum. */
export type ChainEnd = { readonly seq: number; readonly sum: string }

/** A line as text, line feed included, and the chain's new end. */
export function encodeLine(
  entry: NewEntry,
  end: ChainEnd,
): { readonly text: string; readonly end: ChainEnd } {
  const body = JSON.stringify({ seq: end.seq + 1, ...entry, prev: end.sum })
  const sum = checksum(body)
  return { text: `${body.slice(0, -1)},"sum":"${sum}"}\n`, end: { seq: end.seq + 1, sum } }
}

/** What a line (without its line feed) says, with its checksum; a sentence that says what is wrong otherwise. */
export function decodeLine(text: string): { readonly entry: JournalEntry; readonly sum: string } | string {
  const match = /^(\{.*),"sum":"([0-9a-f]{64})"\}$/.exec(text)
  const [, start = '', sum = ''] = match ?? []
  if (match === null) return 'it does not end with a checksum'
  if (checksum(`${start}}`) !== sum) return 'its checksum is wrong'
  const parsed = entrySchema.safeParse(parseJson(`${start}}`))
  if (!parsed.success) return `it is not an entry of this version (${z.prettifyError(parsed.error)})`
  return { entry: parsed.data, sum }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** SHA-256 over the line without its checksum; the next line's `prev` repeats it. */
function checksum(body: string): string {
  return hash('sha256', body)
}
