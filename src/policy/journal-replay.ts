import {
  decodeLine,
  JOURNAL_FORMAT,
  JOURNAL_VERSION,
  type ChainEnd,
  type JournalEntry,
} from './journal-line.js'
import { applyEntry, emptyState, type JournalState } from './journal-state.js'
import { nonceUse, type NonceUse } from './nonce-watch.js'

/** What a whole segment says. */
export type Segment = JournalState & {
  /** The nonces of the signatures in it, oldest first. */
  readonly nonces: readonly NonceUse[]
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
export type Replay =
  | (Segment & { readonly outcome: 'replayed' })
  | { readonly outcome: 'damaged'; readonly line: number; readonly reason: string }

const LINE_FEED = 0x0a

/**
 * Reads a whole segment, checking every line, its number and its chain. Only bytes behind the last line feed may be
 * missing something; anything else that is not as it was written is damage, because guessing could lower a mark.
 */
export function replayJournal(bytes: Uint8Array): Replay {
  const soundBytes = bytes.lastIndexOf(LINE_FEED) + 1
  const state = emptyState()
  const nonces: NonceUse[] = []
  let openedAt: string | undefined
  let start: ChainEnd | undefined
  let end: ChainEnd | undefined
  let line = 0
  for (const text of wholeLines(bytes, soundBytes)) {
    line += 1
    const decoded = decodeLine(text)
    if (typeof decoded === 'string') return { outcome: 'damaged', line, reason: decoded }
    const { entry, sum } = decoded
    const reason = placeProblem(entry, end) ?? applyEntry(state, entry)
    if (reason !== undefined) return { outcome: 'damaged', line, reason }
    openedAt ??= entry.at
    start ??= { seq: entry.seq - 1, sum: entry.prev }
    end = { seq: entry.seq, sum }
    const nonce = nonceOf(entry)
    if (nonce !== undefined) nonces.push(nonce)
  }
  if (openedAt === undefined || start === undefined || end === undefined) {
    return { outcome: 'damaged', line: 1, reason: 'the journal has no whole line' }
  }
  const tornBytes = bytes.length - soundBytes
  return { outcome: 'replayed', ...state, nonces, openedAt, start, end, soundBytes, tornBytes }
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

function placeProblem(entry: JournalEntry, end: ChainEnd | undefined): string | undefined {
  if (end === undefined) {
    if (entry.type !== 'segment') return 'the first line does not open a segment'
    if (entry.format !== JOURNAL_FORMAT) return `it is of another format, ${entry.format}`
    if (entry.version !== JOURNAL_VERSION) {
      return `it is of version ${entry.version}; this program reads version ${JOURNAL_VERSION}`
    }
    return undefined
  }
  if (entry.type === 'segment') return 'a segment begins within a segment'
  if (entry.seq !== end.seq + 1) return `its number is ${entry.seq} where ${end.seq + 1} is due`
  return entry.prev === end.sum ? undefined : 'it does not follow the line before it'
}

function nonceOf(entry: JournalEntry): NonceUse | undefined {
  if (entry.type !== 'signature' && entry.type !== 'mark') return undefined
  const { key, digest, signature } = entry
  return digest === null || signature === null ? undefined : nonceUse(key, digest, signature)
}
