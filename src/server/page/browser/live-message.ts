/** How the bridge is, in a word, for the icon and the title of the page. */
export type PageState = 'ready' | 'warning' | 'not-ready'

/** One signature of the last hour: when (ms since 1970), how long in all and by the board (ms), of what kind. */
export type LiveSample = readonly [atMs: number, totalMs: number, deviceMs: number, kind: string]

/** What the daemon tells a page that is open: everything, or what changed since the last message. */
export type LiveMessage = {
  /** Whether `sections` and `samples` are all there are, and not only the new ones. */
  readonly whole: boolean
  /** The version and the contents of the scripts; a page that was loaded with another one loads itself again. */
  readonly build: string
  /** When this was true (ISO 8601, the daemon's clock). */
  readonly at: string
  readonly state: PageState
  readonly title: string
  /** The HTML inside each section of the page, by the section's id. */
  readonly sections: Readonly<Record<string, string>>
  readonly samples: readonly LiveSample[]
}
