import type { JournalForm } from './journal-form.js'
import { decodeLine, type AnyEntry, type ChainEnd, type Link, type Opening } from './journal-line.js'

/** What a whole segment says. */
export type Segment<State> = {
  /** What its lines add up to. */
  readonly state: State
  /** When the segment was begun (ISO 8601). */
  readonly openedAt: string
  /** The line before the first one, as that line names it. */
  readonly start: ChainEnd
  readonly end: ChainEnd
  /** Size of the whole lines; what follows was torn off by a crash and was never answered. */
  readonly soundBytes: number
  readonly tornBytes: number
}

/** What a journal's bytes say. */
export type Replay<State> =
  | (Segment<State> & { readonly outcome: 'replayed' })
  | { readonly outcome: 'damaged'; readonly line: number; readonly reason: string }

const LINE_FEED = 0x0a

/**
 * Reads a whole segment, checking every line, its number and its chain, and shows each sound line to `onLine`. Only
 * bytes behind the last line feed may be missing something; anything else that is not as it was written is damage,
 * because guessing could lower a mark.
 */
export function replayJournal<Entry extends AnyEntry, State>(
  form: JournalForm<Entry, State>,
  bytes: Uint8Array,
  onLine: (entry: Entry) => void = () => undefined,
): Replay<State> {
  const soundBytes = bytes.lastIndexOf(LINE_FEED) + 1
  const state = form.empty()
  let openedAt: string | undefined
  let start: ChainEnd | undefined
  let end: ChainEnd | undefined
  let line = 0
  for (const text of wholeLines(bytes, soundBytes)) {
    line += 1
    const decoded = decodeLine(text, form.schema)
    if (typeof decoded === 'string') return { outcome: 'damaged', line, reason: decoded }
    const { entry, sum } = decoded
    const reason = placeProblem(form, entry, end) ?? form.apply(state, entry)
    if (reason !== undefined) return { outcome: 'damaged', line, reason }
    openedAt ??= entry.at
    start ??= { seq: entry.seq - 1, sum: entry.prev }
    end = { seq: entry.seq, sum }
    onLine(entry)
  }
  if (openedAt === undefined || start === undefined || end === undefined) {
    return { outcome: 'damaged', line: 1, reason: 'the journal has no whole line' }
  }
  return {
    outcome: 'replayed',
    state,
    openedAt,
    start,
    end,
    soundBytes,
    tornBytes: bytes.length - soundBytes,
  }
}

/** One line after the other, without its line feed: all of them as text at once would be a segment's size in memory. */
function* wholeLines(bytes: Uint8Array, soundBytes: number): Generator<string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, soundBytes)
  for (let from = 0; from < soundBytes;) {
    const to = buffer.indexOf(LINE_FEED, from)
    yield buffer.toString('utf8', from, to)
    from = to + 1
  }
}

function placeProblem(
  { format, version }: { readonly format: string; readonly version: number },
  entry: AnyEntry & Link,
  end: ChainEnd | undefined,
): string | undefined {
  if (end === undefined) {
    if (!isOpening(entry)) return 'the first line does not open a segment'
    if (entry.format !== format) return `it is of another format, ${entry.format}`
    if (entry.version !== version) {
      return `it is of version ${entry.version}; this program reads version ${version}`
    }
    return undefined
  }
  if (isOpening(entry)) return 'a segment begins within a segment'
  if (entry.seq !== end.seq + 1) return `its number is ${entry.seq} where ${end.seq + 1} is due`
  return entry.prev === end.sum ? undefined : 'it does not follow the line before it'
}

/** Only `openingSchema` reads a line of this type. */
function isOpening(entry: AnyEntry): entry is Opening {
  return entry.type === 'segment'
}
