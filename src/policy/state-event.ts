import type { JournalEvent } from './sound-journal.js'

/** What happens to the marks' journal, for the log. */
export type StateEvent =
  | Exclude<JournalEvent, { readonly event: 'journal.rolled' }>
  | { readonly event: 'journal.rolled'; readonly marks: number }
