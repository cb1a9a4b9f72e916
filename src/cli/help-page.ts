import type { ExitCode } from './exit-code.js'

/** What `--help` of a command tells beside its options. */
export type HelpPage = {
  /** Paragraphs: what it does, what it needs, what it changes. */
  readonly about: readonly string[]
  /** A command line and what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[]
  /** What it may end with beside 0 and 64. */
  readonly exits: readonly ExitCode[]
}
