import { Distribution } from '../harness/distribution.mjs'
import {
  anySignature,
  chainOf,
  fillJournal,
  makeJournal,
  openJournal,
  reserve,
  wantedAt,
} from '../harness/journal.mjs'
import { measure } from '../harness/measure.mjs'

/** Rolls of a journal with `marks` marks, each by one signature, and rolls at 16 MiB of the journal in `longest`. */
export async function measureRolls(stand, { mark, longest, isQuick }) {
  const withMarks = (count) => {
    const marks = Array.from({ length: count }, (_, index) => ({ ...mark, chain: chainOf(index + 1) }))
    return rollingEachTime(stand.path('journal'), marks)
  }
  const often = await measure(
    { 'tiny segments, 1 mark': withMarks(1), 'tiny segments, 1,000 marks': withMarks(1000) },
    { count: isQuick ? 100 : 500, rounds: 10, warmUp: 20 },
  )
  return { ...often, '16 MiB, 1 mark': rollsAtFullSize(longest, isQuick ? 3 : 20) }
}

function rollingEachTime(directory, marks) {
  makeJournal(directory, marks)
  let journal
  let level = 0
  let wanted
  return {
    open: () => (journal = openWatched(directory, 1)),
    before: () => {
      level += 1
      wanted = wantedAt(marks[0], level)
      reserve(journal, wanted)
    },
    run: () => {
      if (!journal.keepRolls(wanted)) throw new Error('a signature did not begin a new segment')
    },
    close: () => journal.close(),
  }
}

/** Each roll ends a segment as large as a daemon's; all but its last records are made without syncs. */
function rollsAtFullSize(directory, count) {
  const distribution = new Distribution()
  for (let roll = 0; roll < count; roll += 1) {
    fillJournal(directory)
    const journal = openWatched(directory)
    const [mark] = journal.marks()
    for (let level = mark.level + 1, hasRolled = false; !hasRolled; level += 1) {
      const wanted = wantedAt({ chain: mark.chain, key: mark.key, kind: mark.kind }, level)
      reserve(journal, wanted)
      const startedAt = performance.now()
      hasRolled = journal.keepRolls(wanted)
      if (hasRolled) distribution.record(performance.now() - startedAt)
    }
    journal.close()
  }
  return distribution
}

/** A journal whose `keepRolls` keeps a signature and tells whether that began a new segment. */
function openWatched(directory, segmentBytes) {
  let rolls = 0
  const onEvent = ({ event, reason }) => {
    if (event !== 'journal.rolled') throw new Error(`${event}: ${reason}`)
    rolls += 1
  }
  const journal = openJournal(directory, { segmentBytes, onEvent })
  return {
    reserve: (wanted) => journal.reserve(wanted),
    marks: () => journal.marks(),
    close: () => journal.close(),
    keepRolls: (wanted) => {
      const before = rolls
      journal.keepSignature(wanted, anySignature())
      return rolls > before
    },
  }
}
