import type { MarksJournalOptions } from './marks-journal-options.js'
import { systemFiles } from './state-files.js'
import { adopt } from './adopt.js'
import type { JournalForm } from './journal-form.js'
import { applyEntry, emptyState, forgetOldSpends, stateEntries, type JournalState } from './journal-state.js'
import { entrySchema, type NewEntry } from './marks-entry.js'
import { StateError } from './state-error.js'

/** The form of the marks' own journal, `marks.journal`. */
export const marksForm: JournalForm<NewEntry, JournalState> = {
  name: 'marks',
  format: 'tezio-bridge-marks',
  version: 1,
  schema: entrySchema,
  empty: emptyState,
  apply: applyEntry,
  entries: stateEntries,
  forget: forgetOldSpends,
  adopt,
  ended: ({ exportedAt }, directory) =>
    exportedAt === undefined ? undefined : exported(directory, exportedAt),
  words: {
    missing: (path) => `${path} does not exist; to make it: tezio-bridge init --level LEVEL`,
    exists: (path) =>
      `${path} exists; marks are never set twice (to raise them: tezio-bridge marks raise; to bring them into a shared table: tezio-bridge marks seed)`,
    // While marks are known `init` would be the wrong advice: it would begin again below them.
    gone: (directory) =>
      `the journal in ${directory} is gone; stop the daemon and restore it, or raise new marks above the last ones`,
  },
}

function exported(directory: string, at: string): StateError {
  const text = `the marks in ${directory} were exported at ${at}, and another host may sign with them: nothing is signed here any more; to sign here again, import the newest export into a new state directory`
  return new StateError('state-exported', text)
}

/** Where the marks of a state directory are. */
export function marksPlace({
  directory,
  files = systemFiles,
}: Pick<MarksJournalOptions, 'directory' | 'files'>) {
  return { form: marksForm, directory, files }
}
