import { keepLatest, type JournalState } from './journal-state.js'
import { comparePosition } from './mark.js'
import { StateError } from './state-error.js'

/**
 * Takes over what reached the file without being known in memory. Throws `journal-replaced` for a file that went
 * back behind what is known; then `known` is as it was.
 */
export function adopt(known: JournalState, found: JournalState): void {
  for (const [name, mark] of known.marks) {
    const there = found.marks.get(name)
    const order = there === undefined ? -1 : comparePosition(there, mark)
    if (order < 0 || (order === 0 && there?.digest !== mark.digest)) {
      throw new StateError(
        'journal-replaced',
        `the journal went back behind the known mark of ${name}; restore it`,
      )
    }
  }
  for (const [name, mark] of found.marks) {
    const before = known.marks.get(name)
    if (before === undefined || comparePosition(mark, before) > 0) known.marks.set(name, mark)
  }
  for (const [key, quarantine] of found.quarantines) {
    if (!known.quarantines.has(key)) known.quarantines.set(key, quarantine)
  }
  for (const spend of found.spends.values()) keepLatest(known, spend)
}
