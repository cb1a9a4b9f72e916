import { comparePosition, markName, type MarkRecord } from './mark.js'
import {
  decodeLine,
  JOURNAL_FORMAT,
  JOURNAL_VERSION,
  type ChainEnd,
  type JournalEntry,
} from './journal-line.js'

/** What a journal's bytes say. */
export type Replay =
  | {
      readonly outcome: 'replayed'
      readonly marks: ReadonlyMap<string, MarkRecord>
      readonly end: ChainEnd
      /** Size of the whole lines; what follows was torn off by a crash and was never answered. */
      readonly soundBytes: number
      readonly tornBytes: number
    }
  | { readonly outcome: 'damaged'; readonly line: number; readonly reason: string }

const LINE_FEED = 0x0a

/**
 * Reads a whole segment, checking every line, its number and its chain. Only bytes behind the last line feed may be
 * missing something; anything else that is not as it was written is damage, because guessing could lower a mark.
 */
export function replayJournal(bytes: Uint8Array): Replay {
  const soundBytes = bytes.lastIndexOf(LINE_FEED) + 1
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, soundBytes)
    .toString('utf8')
    .split('\n')
    .slice(0, -1)
  const marks = new Map<string, MarkRecord>()
  let end: ChainEnd | undefined
  for (const [index, text] of lines.entries()) {
    const line = index + 1
    const decoded = decodeLine(text)
    if (typeof decoded === 'string') return { outcome: 'damaged', line, reason: decoded }
    const reason = placeProblem(decoded.entry, end) ?? apply(decoded.entry, marks)
    if (reason !== undefined) return { outcome: 'damaged', line, reason }
    end = { seq: decoded.entry.seq, sum: decoded.sum }
  }
  if (end === undefined) return { outcome: 'damaged', line: 1, reason: 'the journal has no whole line' }
  return { outcome: 'replayed', marks, end, soundBytes, tornBytes: bytes.length - soundBytes }
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

function apply(entry: JournalEntry, marks: Map<string, MarkRecord>): string | undefined {
  if (entry.type === 'segment') return undefined
  const { chain, key, kind, level, round } = entry
  const name = markName(entry)
  const before = marks.get(name)
  if (entry.type === 'signature') {
    if (before === undefined || comparePosition(before, entry) !== 0 || before.digest !== entry.digest) {
      return `it holds a signature where ${name} has no such mark`
    }
    marks.set(name, { ...before, signature: entry.signature })
    return undefined
  }
  const isFirst = entry.why === 'seed' || entry.why === 'snapshot'
  if (isFirst !== (before === undefined)) return `it ${isFirst ? 'sets' : 'raises'} ${name} out of turn`
  if (before !== undefined && comparePosition(entry, before) <= 0) return `it does not raise ${name}`
  const digest = entry.digest ?? undefined
  const signature = entry.signature ?? undefined
  marks.set(name, { chain, key, kind, level, round, digest, signature, raisedAt: entry.at })
  return undefined
}
