/** What happens to the journal, for the log. */
export type StateEvent =
  | { readonly event: 'journal.torn-line-dropped'; readonly bytes: number }
  | { readonly event: 'journal.write-failed'; readonly reason: string }
  | { readonly event: 'journal.reopened' }
  | { readonly event: 'journal.rolled'; readonly marks: number }
