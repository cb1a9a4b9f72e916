/** What happens to marks that hosts share, for the log. No text has a password in it. */
export type SharedMarksEvent =
  /** The table gives no answer that counts: nothing is signed until it does. */
  | { readonly event: 'marks.unavailable'; readonly reason: string }
  /** The table answers again. */
  | { readonly event: 'marks.available' }
  /** The table stands below what this host knows: nothing is signed until it is raised. */
  | { readonly event: 'marks.went-back'; readonly reason: string }
  /** A connection to the table was made, to this server: the first one, or the first one to another server. */
  | { readonly event: 'marks.connected'; readonly server: string }
  /** A connection that nobody used ended. */
  | { readonly event: 'marks.connection-lost'; readonly server: string; readonly reason: string }
