import { constants } from 'node:fs'
import { dirname, join } from 'node:path'
import { archiveName, archivePattern, journalName, type JournalForm } from './journal-form.js'
import {
  encodeLine,
  encodeLines,
  NO_PREVIOUS,
  type AnyEntry,
  type ChainEnd,
  type Opening,
} from './journal-line.js'
import { replayJournal, type Segment } from './journal-replay.js'
import { systemErrorCode } from '../system-error.js'
import { StateError } from './state-error.js'
import { replaceFile, syncDirectory, writeAll, type StateFiles } from './state-files.js'

/** Rolled segments that are kept as audit log; older ones are deleted, because a full disk stops the baker. */
const KEPT_SEGMENTS = 32

/** Where a journal is, and of which form. */
export type JournalPlace<Entry extends AnyEntry, State> = {
  readonly form: JournalForm<Entry, State>
  readonly files: StateFiles
  readonly directory: string
}

type AnyPlace = {
  readonly form: Pick<JournalForm<AnyEntry, unknown>, 'name' | 'words'>
  readonly files: StateFiles
  readonly directory: string
}

/**
 * The open journal: appends in order, durably, to the very file that was read.
 * Every failure is final for this object; whoever owns it opens the journal anew.
 */
export class JournalFile<Entry extends AnyEntry, State> {
  readonly #form: JournalForm<Entry, State>
  readonly #files: StateFiles
  readonly #path: string
  readonly #fd: number
  #end: ChainEnd
  #size: number
  #isClosed = false

  private constructor(
    { form, files, directory }: JournalPlace<Entry, State>,
    fd: number,
    { end, size }: { readonly end: ChainEnd; readonly size: number },
  ) {
    this.#form = form
    this.#files = files
    this.#path = join(directory, journalName(form))
    this.#fd = fd
    this.#end = end
    this.#size = size
  }

  /**
   * Reads the journal of `directory` and opens it, without a torn tail. It is written anew before: what a killed owner
   * or a failed sync left may be in the system's memory only, and a mark must survive a power cut before it is
   * relied on. `onLine` sees every line of it. Throws a StateError, or what the system says of a write.
   */
  static open<Entry extends AnyEntry, State>(
    place: JournalPlace<Entry, State>,
    onLine?: (entry: Entry) => void,
  ): { readonly file: JournalFile<Entry, State>; readonly content: Segment<State> } {
    const { form, files, directory } = place
    const path = join(directory, journalName(form))
    const { bytes, content } = readSound(place, path, onLine)
    const ended = form.ended(content.state, directory)
    if (ended !== undefined) throw ended
    replaceFile(files, directory, path, bytes)
    const fd = openFile(place, path, constants.O_RDWR | constants.O_APPEND)
    return { file: new JournalFile(place, fd, { end: content.end, size: bytes.length }), content }
  }

  get size(): number {
    return this.#size
  }

  /** Appends one line. With `durable` it returns only when the line would survive a power cut. */
  append(entry: Entry, durability: 'durable' | 'lazy'): void {
    this.refuseOtherFile()
    const { text, end } = encodeLine(entry, this.#end)
    const bytes = Buffer.from(text)
    writeAll(this.#files, this.#fd, bytes)
    if (durability === 'durable') this.#files.fdatasyncSync(this.#fd)
    this.#end = end
    this.#size += bytes.length
  }

  /**
   * Appends all of `entries` or none of them, whatever happens in between, and durably.
   * This object is done then: open the journal anew.
   */
  appendAll(entries: readonly Entry[]): void {
    this.refuseOtherFile()
    const { bytes } = readSound({ form: this.#form, files: this.#files }, this.#path)
    const added = Buffer.from(encodeLines(entries, this.#end))
    replaceFile(this.#files, dirname(this.#path), this.#path, Buffer.concat([bytes, added]))
    this.close()
  }

  /**
   * Puts a new segment that begins with all of `state` in the journal's place and keeps the old one beside it.
   * This object is done then: open the journal anew.
   */
  roll(state: State, at: string): void {
    const directory = dirname(this.#path)
    const archive = join(directory, archiveName(this.#form, this.#end.seq))
    try {
      this.#files.linkSync(this.#path, archive)
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error // a crash came between link and rename before
    }
    replaceFile(
      this.#files,
      directory,
      this.#path,
      segmentBytes(this.#form, state, { at, from: this.#end, why: 'snapshot' }),
    )
    this.#deleteOldSegments(directory)
    this.close()
  }

  /** Gives the descriptor back; once, because its number may belong to somebody else the next moment. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#files.closeSync(this.#fd)
  }

  /** A journal that was deleted, replaced or written by somebody else must not take a mark. Throws a StateError. */
  refuseOtherFile(): void {
    const mine = this.#files.fstatSync(this.#fd)
    const named = this.#files.statSync(this.#path, { throwIfNoEntry: false })
    if (named?.ino === mine.ino && named.dev === mine.dev && named.size === this.#size) return
    const what =
      named === undefined ? 'is gone' : 'is not the file that was opened, or was changed by another program'
    throw new StateError('journal-replaced', `${this.#path} ${what}; stop the daemon and restore it`)
  }

  /** An old segment that cannot be deleted is left: it is only history, and must not stop the baker. */
  #deleteOldSegments(directory: string): void {
    const pattern = archivePattern(this.#form)
    try {
      const archives = this.#files.readdirSync(directory).filter((name) => pattern.test(name))
      for (const name of archives.sort().slice(0, -KEPT_SEGMENTS))
        this.#files.unlinkSync(join(directory, name))
    } catch {
      // tried again at the next roll
    }
  }
}

/** Makes the first segment of a journal. Throws a StateError when there is one already. */
export function createJournal<Entry extends AnyEntry, State>(
  place: JournalPlace<Entry, State>,
  state: State,
  at: string,
): void {
  const { form, files, directory } = place
  const path = join(directory, journalName(form))
  refuseExistingJournal(place)
  const from = { seq: 0, sum: NO_PREVIOUS }
  replaceFile(files, directory, path, segmentBytes(form, state, { at, from, why: 'seed' }))
  syncDirectory(files, dirname(directory))
}

/** Throws `state-exists` where a directory has a journal of this form. */
export function refuseExistingJournal({ form, files, directory }: AnyPlace): void {
  const path = join(directory, journalName(form))
  if (files.statSync(path, { throwIfNoEntry: false }) === undefined) return
  throw new StateError('state-exists', form.words.exists(path))
}

/** What a journal (or a rolled segment) says now, without owning it; `onLine` sees its lines. Throws a StateError. */
export function readJournal<Entry extends AnyEntry, State>(
  place: JournalPlace<Entry, State>,
  name = journalName(place.form),
): Segment<State> {
  return readSound(place, join(place.directory, name)).content
}

/** What a new segment is, in bytes. */
export function segmentBytes<Entry extends AnyEntry, State>(
  { format, version, entries }: JournalForm<Entry, State>,
  state: State,
  { at, from, why }: { readonly at: string; readonly from: ChainEnd; readonly why: 'seed' | 'snapshot' },
): Buffer {
  const opening: Opening = { type: 'segment', at, format, version }
  return Buffer.from(encodeLines([opening, ...entries(state, why)], from))
}

function openFile({ form, files }: Pick<AnyPlace, 'form' | 'files'>, path: string, flags: number): number {
  try {
    return files.openSync(path, flags)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') {
      throw new StateError('state-missing', form.words.missing(path), error)
    }
    throw new StateError('state-unreadable', `${path} cannot be opened: ${String(error)}`, error)
  }
}

/** What the journal says, and the bytes of its whole lines. */
function readSound<Entry extends AnyEntry, State>(
  place: Pick<JournalPlace<Entry, State>, 'form' | 'files'>,
  path: string,
  onLine?: (entry: Entry) => void,
): { readonly content: Segment<State>; readonly bytes: Buffer } {
  const bytes = readBytes(place, path)
  const replay = replayJournal(place.form, bytes, onLine)
  if (replay.outcome === 'replayed') return { content: replay, bytes: bytes.subarray(0, replay.soundBytes) }
  const advice = 'nothing is guessed: restore the file, or ask for help with a copy of it'
  throw new StateError('journal-damaged', `${path}:${replay.line}: ${replay.reason}; ${advice}`)
}

function readBytes(place: Pick<AnyPlace, 'form' | 'files'>, path: string): Buffer {
  const fd = openFile(place, path, constants.O_RDONLY)
  try {
    return place.files.readFileSync(fd)
  } finally {
    place.files.closeSync(fd)
  }
}
