import { LineCounter, parseDocument } from 'yaml'
import { MigrationError } from '../migration-error.js'

/** A mapping of another signer's settings. */
export type Settings = Readonly<Record<string, unknown>>

/** Far above what a person writes by hand, far below what expands to a gigabyte. */
const MAX_ALIASES = 100

/** The most entries of a list or mapping that is read: a key has a few dozen kinds. */
const MAX_ENTRIES = 1000

/**
 * The top level of a YAML file. Throws a MigrationError that names the line, and nothing that stands in it: the file may
 * hold secrets.
 */
export function settingsOf(text: string): Settings {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true })
  const [error] = document.errors
  if (error !== undefined) {
    throw new MigrationError(`line ${lines.linePos(error.pos[0]).line}: it is not valid YAML (${error.code})`)
  }
  return Object.fromEntries(entriesOf(valueOf(document), 'the file'))
}

function valueOf(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown
  } catch {
    throw new MigrationError(`it has an alias without an anchor, or more than ${MAX_ALIASES} of them`)
  }
}

/** The entries of a mapping. Throws a MigrationError that names `place` for anything else. */
export function entriesOf(value: unknown, place: string): readonly (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MigrationError(`${place} is not a mapping of settings`)
  }
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value)
  if (entries.length > MAX_ENTRIES) {
    throw new MigrationError(`${place} has ${entries.length} entries, and ${MAX_ENTRIES} are read at most`)
  }
  return entries
}

/** A list of names. Throws a MigrationError that names `place` for anything else. */
export function namesOf(value: unknown, place: string): readonly string[] {
  if (!Array.isArray(value) || value.length > MAX_ENTRIES) {
    throw new MigrationError(`${place} is not a list of at most ${MAX_ENTRIES} names`)
  }
  return value.map((name: unknown) => {
    if (typeof name === 'string') return name
    throw new MigrationError(`${place} holds something that is not a name`)
  })
}

/** The leaves of a list that may hold lists, or the one value that stands in its place. */
export function flatten(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.flat(MAX_DEPTH) : [value]
}

/** Lists in lists: Signatory's files use two. */
const MAX_DEPTH = 8
