import { constants } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  encodeLine,
  JOURNAL_FORMAT,
  JOURNAL_VERSION,
  NO_PREVIOUS,
  type ChainEnd,
  type NewEntry,
} from './journal-line.js'
import { replayJournal, type Segment } from './journal-replay.js'
import { stateEntries, type JournalState } from './journal-state.js'
import { systemErrorCode } from '../system-error.js'
import { StateError } from './state-error.js'
import { replaceFile, syncDirectory, writeAll, type StateFiles } from './state-files.js'

/** The journal's name in the state directory. */
export const JOURNAL_NAME = 'marks.journal'
/** A rolled segment's name: the number of its last line. */
export const ARCHIVE_NAME = /^marks-(\d{12})\.journal$/
/** Rolled segments that are kept as audit log; older ones are deleted, because a full disk stops the baker. */
const KEPT_SEGMENTS = 32

/**
 * The open journal: appends in order, durably, to the very file that was read.
 * Every failure is final for this object; whoever owns it opens the journal anew.
 */
export class JournalFile {
  readonly #files: StateFiles
  readonly #path: string
  readonly #fd: number
  #end: ChainEnd
  #size: number
  #isClosed = false

  private constructor(files: StateFiles, path: string, fd: number, end: ChainEnd, size: number) {
    this.#files = files
    this.#path = path
    this.#fd = fd
    this.#end = end
    this.#size = size
  }

  /**
   * Reads the journal of `directory` and opens it, without a torn tail. It is written anew before: what a killed owner
   * or a failed sync left may be in the system's memory only, and a mark must survive a power cut before it is
   * relied on. Throws a StateError, or what the system says of a write.
   */
  static open(
    files: StateFiles,
    directory: string,
  ): { readonly file: JournalFile; readonly content: Segment } {
    const path = join(directory, JOURNAL_NAME)
    const { bytes, content } = readSound(files, path)
    if (content.exportedAt !== undefined) throw exported(directory, content.exportedAt)
    replaceFile(files, directory, path, bytes)
    const fd = openFile(files, path, constants.O_RDWR | constants.O_APPEND)
    return { file: new JournalFile(files, path, fd, content.end, bytes.length), content }
  }

  get size(): number {
    return this.#size
  }

  /** Appends one line. With `durable` it returns only when the line would survive a power cut. */
  append(entry: NewEntry, durability: 'durable' | 'lazy'): void {
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
  appendAll(entries: readonly NewEntry[]): void {
    this.refuseOtherFile()
    const { bytes } = readSound(this.#files, this.#path)
    const added = Buffer.from(encodeLines(entries, this.#end))
    replaceFile(this.#files, dirname(this.#path), this.#path, Buffer.concat([bytes, added]))
    this.close()
  }

  /**
   * Puts a new segment that begins with all of `state` in the journal's place and keeps the old one beside it.
   * This object is done then: open the journal anew.
   */
  roll(state: JournalState, at: string): void {
    const directory = dirname(this.#path)
    const archive = join(directory, `marks-${String(this.#end.seq).padStart(12, '0')}.journal`)
    try {
      this.#files.linkSync(this.#path, archive)
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error // a crash came between link and rename before
    }
    replaceFile(this.#files, directory, this.#path, segmentBytes(state, at, this.#end, 'snapshot'))
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
    try {
      const archives = this.#files.readdirSync(directory).filter((name) => ARCHIVE_NAME.test(name))
      for (const name of archives.sort().slice(0, -KEPT_SEGMENTS))
        this.#files.unlinkSync(join(directory, name))
    } catch {
      // tried again at the next roll
    }
  }
}

/** Makes the first segment of a state directory. Throws a StateError when there is a journal already. */
export function createJournal(files: StateFiles, directory: string, state: JournalState, at: string): void {
  const path = join(directory, JOURNAL_NAME)
  refuseExistingJournal(files, directory)
  replaceFile(files, directory, path, segmentBytes(state, at, { seq: 0, sum: NO_PREVIOUS }, 'seed'))
  syncDirectory(files, dirname(directory))
}

/** Throws `state-exists` where a directory has a journal. */
export function refuseExistingJournal(files: StateFiles, directory: string): void {
  const path = join(directory, JOURNAL_NAME)
  if (files.statSync(path, { throwIfNoEntry: false }) === undefined) return
  throw new StateError(
    'state-exists',
    `${path} exists; marks are never set twice (to raise them: tezio-bridge marks raise; to bring them into a shared table: tezio-bridge marks seed)`,
  )
}

/** What a journal (or a rolled segment) says now, without owning it. Throws a StateError. */
export function readJournal(files: StateFiles, directory: string, name = JOURNAL_NAME): Segment {
  return readSound(files, join(directory, name)).content
}

function exported(directory: string, at: string): StateError {
  const text = `the marks in ${directory} were exported at ${at}, and another host may sign with them: nothing is signed here any more; to sign here again, import the newest export into a new state directory`
  return new StateError('state-exported', text)
}

function openFile(files: StateFiles, path: string, flags: number): number {
  try {
    return files.openSync(path, flags)
  } catch (error) {
    throw missingOr(error, path)
  }
}

function missingOr(error: unknown, path: string): StateError {
  return systemErrorCode(error) === 'ENOENT'
    ? new StateError(
        'state-missing',
        `${path} does not exist; to make it: tezio-bridge init --level LEVEL`,
        error,
      )
    : new StateError('state-unreadable', `${path} cannot be opened: ${String(error)}`, error)
}

/** What the journal says, and the bytes of its whole lines. */
function readSound(files: StateFiles, path: string): { readonly content: Segment; readonly bytes: Buffer } {
  const bytes = readBytes(files, path)
  const replay = replayJournal(bytes)
  if (replay.outcome === 'replayed') return { content: replay, bytes: bytes.subarray(0, replay.soundBytes) }
  const advice = 'nothing is guessed: restore the file, or ask for help with a copy of it'
  throw new StateError('journal-damaged', `${path}:${replay.line}: ${replay.reason}; ${advice}`)
}

function readBytes(files: StateFiles, path: string): Buffer {
  const fd = openFile(files, path, constants.O_RDONLY)
  try {
    return files.readFileSync(fd)
  } finally {
    files.closeSync(fd)
  }
}

function segmentBytes(state: JournalState, at: string, from: ChainEnd, why: 'seed' | 'snapshot'): Buffer {
  const opening: NewEntry = { type: 'segment', at, format: JOURNAL_FORMAT, version: JOURNAL_VERSION }
  return Buffer.from(encodeLines([opening, ...stateEntries(state, why)], from))
}

/** The text of several lines that follow each other. */
function encodeLines(entries: readonly NewEntry[], from: ChainEnd): string {
  let end = from
  return entries
    .map((entry) => {
      const line = encodeLine(entry, end)
      end = line.end
      return line.text
    })
    .join('')
}
