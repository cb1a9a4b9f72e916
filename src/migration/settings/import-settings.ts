import { readFileSync, statSync } from 'node:fs'
import { assertNever } from '../../tezos/index.js'
import { MigrationError } from '../migration-error.js'
import { signerWords, withoutProgram } from './command-line.js'
import { draftText, type Draft } from './draft.js'
import { Notes, type NotCarriedOver } from './notes.js'
import { readOctezSettings, type OctezOptions } from './octez-settings.js'
import { readSignatorySettings } from './signatory-settings.js'
import { readTacoinfraSettings } from './tacoinfra-settings.js'

/** The signers whose settings are understood. */
export const SIGNERS = ['signatory', 'octez', 'tacoinfra'] as const

/** Where another signer's settings stand: one file, or the words of its command line. */
export type SettingsSource = { readonly from: (typeof SIGNERS)[number]; readonly words: readonly string[] }

/** Another signer's settings in the form of this program's. */
export type ImportedSettings = {
  /** A configuration file's text, not yet checked. */
  readonly config: string
  /** Whether nothing has to be added before it is taken. */
  readonly isComplete: boolean
  readonly notCarriedOver: readonly NotCarriedOver[]
  readonly assumptions: readonly string[]
}

/** A configuration has a few hundred lines; more than this is something else. */
const MAX_BYTES = 1024 * 1024

/**
 * Translates settings. Nothing of them is dropped in silence, and no secret is in the result. Throws a MigrationError for
 * what cannot be relied on, or what the system says.
 */
export function importSettings({ from, words }: SettingsSource, options: OctezOptions): ImportedSettings {
  const notes = new Notes()
  const draft = draftOf({ from, words }, options, notes)
  const { notCarriedOver, assumptions } = notes
  const isComplete = draft.authorizedKeys?.length !== 0 && draft.isIncomplete !== true
  return { config: draftText(draft), isComplete, notCarriedOver, assumptions }
}

function draftOf({ from, words }: SettingsSource, options: OctezOptions, notes: Notes): Draft {
  const [file, ...more] = words
  if (file === undefined || more.length > 0) return readOctezSettings(withoutProgram(words), options, notes)
  const text = readSettings(file)
  return named(file, () => {
    switch (from) {
      case 'signatory':
        return readSignatorySettings(text, options, notes)
      case 'octez':
        return readOctezSettings(signerWords(text), options, notes)
      case 'tacoinfra':
        return readTacoinfraSettings(text, options, notes)
      default:
        return assertNever(from)
    }
  })
}

/** What went wrong, with the file's name before it. */
function named<Value>(file: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (error instanceof MigrationError) throw new MigrationError(`${file}: ${error.message}`)
    throw error
  }
}

function readSettings(file: string): string {
  const stat = statSync(file)
  if (!stat.isFile()) throw new MigrationError(`${file}: it is not a regular file`)
  if (stat.size > MAX_BYTES) {
    throw new MigrationError(`${file}: it has ${stat.size} bytes, and ${MAX_BYTES} are read at most`)
  }
  return readFileSync(file, 'utf8')
}
