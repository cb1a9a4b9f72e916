import { hash } from 'node:crypto'
import { z } from 'zod'

/** What the first line of all chains to. */
export const NO_PREVIOUS = '0'.repeat(64)

/** Where a line stands in its chain: its number, and the checksum of the line before it. */
export type Link = { readonly seq: number; readonly prev: string }

/** What every line says: what it is, and when it was written (ISO 8601). */
export type AnyEntry = { readonly type: string; readonly at: string }

/** Bytes in lower-case hex. */
export const hexText = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`))

/** The fields of every line, for the schemas of a form's lines. */
export const lineHead = { seq: z.int().min(1), at: z.iso.datetime(), prev: hexText(32) }

/** Opens a segment; what stood before it follows as a snapshot. It belongs into the schema of every form. */
export const openingSchema = z.strictObject({
  ...lineHead,
  type: z.literal('segment'),
  format: z.string(),
  version: z.int(),
})

/** A line's content before it gets its place in the chain. */
export type Unchained<Entry> = Entry extends Link ? Omit<Entry, keyof Link> : never

/** The first line of a segment. */
export type Opening = Unchained<z.infer<typeof openingSchema>>

/** Where the chain stands: the last line's number and checksum. */
export type ChainEnd = { readonly seq: number; readonly sum: string }

/** A line as text, line feed included, and the chain's new end. */
export function encodeLine(
  entry: AnyEntry,
  end: ChainEnd,
): { readonly text: string; readonly end: ChainEnd } {
  const body = JSON.stringify({ seq: end.seq + 1, ...entry, prev: end.sum })
  const sum = checksum(body)
  return { text: `${body.slice(0, -1)},"sum":"${sum}"}\n`, end: { seq: end.seq + 1, sum } }
}

/** What a line (without its line feed) says, with its checksum; a sentence that says what is wrong otherwise. */
export function decodeLine<Line>(
  text: string,
  schema: z.ZodType<Line>,
): { readonly entry: Line; readonly sum: string } | string {
  const match = /^(\{.*),"sum":"([0-9a-f]{64})"\}$/.exec(text)
  const [, start = '', sum = ''] = match ?? []
  if (match === null) return 'it does not end with a checksum'
  if (checksum(`${start}}`) !== sum) return 'its checksum is wrong'
  const parsed = schema.safeParse(parseJson(`${start}}`))
  if (!parsed.success) return `it is not an entry of this version (${z.prettifyError(parsed.error)})`
  return { entry: parsed.data, sum }
}

/** The text of several lines that follow each other. */
export function encodeLines(entries: Iterable<AnyEntry>, from: ChainEnd): string {
  let end = from
  const texts: string[] = []
  for (const entry of entries) {
    const line = encodeLine(entry, end)
    end = line.end
    texts.push(line.text)
  }
  return texts.join('')
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
