import type { z } from 'zod'
import type { AnyEntry, Link } from './journal-line.js'
import type { StateError } from './state-error.js'

/**
 * What a journal is about. The mechanism (a chain of checksums, syncs, torn lines, segments) is the same for all;
 * a form says which lines there are and what they add up to. A form may not change `format` while it keeps `version`.
 */
export type JournalForm<Entry extends AnyEntry, State> = {
  /** Names the files: `marks` keeps `marks.journal`, and rolled segments `marks-000000000004.journal`. */
  readonly name: string
  /** What the first line of a segment names; nothing else is read. */
  readonly format: string
  readonly version: number
  /** Every line there is, `openingSchema` among them. */
  readonly schema: z.ZodType<Entry & Link>
  /** Before the first line. */
  readonly empty: () => State
  /** Takes one line into the state, or tells why it cannot follow what came before; then nothing was changed. */
  readonly apply: (state: State, entry: Entry) => string | undefined
  /** The lines that say all of a state in a new segment; `seed` in the first one of all. */
  readonly entries: (state: State, why: 'seed' | 'snapshot') => Iterable<Entry>
  /** Lets go of what is old at an instant (ISO 8601), before a new segment is begun. */
  readonly forget: (state: State, at: string) => void
  /**
   * Takes over what reached the file without being known in memory. Throws `journal-replaced` for a file that went
   * back behind what is known; then `known` is as it was.
   */
  readonly adopt: (known: State, found: State) => void
  /** Why a journal with this state is not opened any more; `undefined` where it is. */
  readonly ended: (state: State, directory: string) => StateError | undefined
  /** What to tell of a file that is not there, is there already, or went away; with the remedy. */
  readonly words: {
    readonly missing: (path: string) => string
    readonly exists: (path: string) => string
    readonly gone: (directory: string) => string
  }
}

/** The file's name in the state directory. */
export function journalName({ name }: { readonly name: string }): string {
  return `${name}.journal`
}

/** The name of a rolled segment that ends with a line of this number. */
export function archiveName({ name }: { readonly name: string }, lastLine: number): string {
  return `${name}-${String(lastLine).padStart(12, '0')}.journal`
}

/** Matches the names of rolled segments, and gives the number of their last line. */
export function archivePattern({ name }: { readonly name: string }): RegExp {
  return new RegExp(`^${name}-(\\d{12})\\.journal$`)
}
