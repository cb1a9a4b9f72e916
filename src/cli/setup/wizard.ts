import type { LinkBinding } from '../../device/index.js'
import type { Answers } from './answers.js'
import type { SetupOptions } from './setup-options.js'

/** What every step of setup works with. */
export type Wizard = {
  readonly options: SetupOptions
  readonly answers: Answers
  /** Tells what was found or will be done: a paragraph, with an empty line before it. */
  readonly say: (paragraph: string) => void
  /** Tells what the operator should know before going on; it stands in the report as well. */
  readonly warn: (sentence: string) => void
  readonly now: () => Date
  /** The package's script that installs the files for the service manager. */
  readonly installer: string
  readonly binding?: LinkBinding | undefined
}

/** Indents every line by two spaces. */
export function indented(text: string): string {
  return text.trimEnd().replace(/^(?=.)/gm, '  ')
}
