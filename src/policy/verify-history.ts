import { join } from 'node:path'
import { readJournal } from './journal-file.js'
import { archivePattern, journalName } from './journal-form.js'
import type { Segment as SegmentOf } from './journal-replay.js'
import type { JournalState } from './journal-state.js'
import { comparePosition, type MarkRecord } from './mark.js'
import { marksForm } from './marks-form.js'
import { isForgettable, spendName, type Spend } from './spend.js'
import { StateError } from './state-error.js'
import type { StateFiles } from './state-files.js'

type Segment = SegmentOf<JournalState>

const ARCHIVE_NAME = archivePattern(marksForm)

/** One sound segment. Lines are numbered through all segments. */
export type SegmentReport = {
  readonly name: string
  readonly firstLine: number
  readonly lastLine: number
  readonly marks: number
}

/** What is wrong with one segment, or between it and the one before. */
export type HistoryProblem = { readonly name: string; readonly reason: string }

/** What a state directory's journal and its rolled segments add up to. */
export type History = {
  readonly segments: readonly SegmentReport[]
  readonly problems: readonly HistoryProblem[]
  /** What the journal itself says; `undefined` where it cannot be read. */
  readonly journal: (JournalState & Pick<Segment, 'tornBytes'>) | undefined
}

/**
 * Reads every segment and checks each line, the chain through all of them, and that every segment begins with the
 * marks and the spends that the one before ended with. It changes nothing and needs no lock: a line that is being written counts
 * as torn. Oldest segments may be missing, for they are deleted in time.
 */
export function verifyHistory(files: StateFiles, directory: string): History {
  const archives = files
    .readdirSync(directory)
    .filter((name) => ARCHIVE_NAME.test(name))
    .sort()
  const segments: SegmentReport[] = []
  const problems: HistoryProblem[] = []
  let before: Segment | undefined
  for (const name of [...archives, journalName(marksForm)]) {
    const segment = readOr(problems, files, directory, name)
    if (segment !== undefined) {
      const reason = nameProblem(name, segment) ?? (before && linkProblem(before, segment))
      if (reason !== undefined) problems.push({ name, reason })
      const { start, end, state } = segment
      segments.push({ name, firstLine: start.seq + 1, lastLine: end.seq, marks: state.marks.size })
    }
    before = segment
  }
  const journal = before && { ...before.state, tornBytes: before.tornBytes }
  return { segments, problems, journal }
}

function readOr(problems: HistoryProblem[], files: StateFiles, directory: string, name: string) {
  try {
    return readJournal({ form: marksForm, files, directory }, name)
  } catch (error) {
    if (!(error instanceof StateError)) throw error
    problems.push({ name, reason: error.message.replace(`${join(directory, name)}:`, 'line ') })
    return undefined
  }
}

function nameProblem(name: string, { end }: Segment): string | undefined {
  const named = ARCHIVE_NAME.exec(name)?.[1]
  if (named === undefined || Number(named) === end.seq) return undefined
  return `its name says that it ends with line ${Number(named)}, and it ends with line ${end.seq}`
}

/** A segment goes on where the one before ended; after a crash while rolling it repeats it and goes further. */
function linkProblem(before: Segment, segment: Segment): string | undefined {
  const isCopy = segment.start.seq === before.start.seq && segment.start.sum === before.start.sum
  if (!isCopy && (segment.start.seq !== before.end.seq || segment.start.sum !== before.end.sum)) {
    return `it begins with line ${segment.start.seq + 1} and does not follow line ${before.end.seq} of the segment before it`
  }
  for (const [name, mark] of before.state.marks) {
    const reason = lossOf(mark, segment.state.marks.get(name))
    if (reason !== undefined) return `${reason} of ${name}`
  }
  const lost = [...before.state.spends.values()].find((spend) => isLost(spend, segment))
  return lost && `it has lost what ${lost.key} spent at ${lost.at}`
}

/** Only what no window could need when the segment was begun may be left out of it. */
function isLost(spend: Spend, { state: { spends }, openedAt }: Segment): boolean {
  const later = spends.get(spendName(spend))
  if (later === undefined) return !isForgettable(spend, new Date(openedAt))
  return Date.parse(later.at) < Date.parse(spend.at)
}

function lossOf(mark: MarkRecord, later: MarkRecord | undefined): string | undefined {
  if (later === undefined) return 'it has lost the mark'
  const order = comparePosition(later, mark)
  if (order > 0) return undefined
  return order < 0 || later.digest !== mark.digest ? 'it has gone back behind the mark' : undefined
}
