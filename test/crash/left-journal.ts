import { comparePosition, markName, type MarkRecord, type Wanted } from '../../src/policy/mark.js'
import { replayJournal } from '../../src/policy/journal-replay.js'
import { marksForm } from '../../src/policy/marks-form.js'

/** The mark that a journal's bytes have at exactly this chain, key, kind, level and round. */
export function markAt(bytes: Uint8Array, place: Omit<Wanted, 'digest'>): MarkRecord | undefined {
  const mark = marksOf(bytes).get(markName(place))
  return mark !== undefined && comparePosition(mark, place) === 0 ? mark : undefined
}

/**
 * Cuts the power under the journal that a killed daemon left: of what came after its last sync any beginning may have
 * reached the disk. Says for which sizes a mark would be below what was sent to the board, or stand for another payload.
 */
export function powerCutFaults(
  bytes: Uint8Array,
  syncedBytes: number,
  sent: readonly Wanted[],
  sizes = everySize(syncedBytes, bytes.length),
): readonly string[] {
  return sizes.flatMap((size) => {
    const marks = marksOf(bytes.subarray(0, size))
    return sent.flatMap((wanted) => {
      const mark = marks.get(markName(wanted))
      const order = mark === undefined ? -1 : comparePosition(mark, wanted)
      const isSafe = order > 0 || (order === 0 && mark?.digest === wanted.digest)
      const place = `${wanted.kind} ${wanted.level}/${wanted.round}`
      return isSafe ? [] : [`after ${size} of ${bytes.length} bytes the mark does not hold ${place}`]
    })
  })
}

/** Every size from `least` to `most`. */
function everySize(least: number, most: number): readonly number[] {
  return Array.from({ length: most - least + 1 }, (_, more) => least + more)
}

/** Sizes worth a look in a long journal: where the unsynced part begins, in its middle, about its line ends. */
export function fewSizes(bytes: Uint8Array, syncedBytes: number): readonly number[] {
  const lineEnds = [...bytes.entries()]
    .filter(([at, byte]) => byte === 0x0a && at >= syncedBytes)
    .flatMap(([at]) => [at, at + 1])
  const middle = Math.floor((syncedBytes + bytes.length) / 2)
  return [...new Set([syncedBytes, middle, ...lineEnds, bytes.length])]
}

function marksOf(bytes: Uint8Array): ReadonlyMap<string, MarkRecord> {
  const replay = replayJournal(marksForm, bytes)
  if (replay.outcome === 'damaged') throw new Error(`journal line ${replay.line}: ${replay.reason}`)
  return replay.state.marks
}
