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
import { replayJournal } from './journal-replay.js'
import type { MarkRecord } from './mark.js'
import { systemErrorCode } from '../system-error.js'
import { StateError } from './state-error.js'
import { replaceFile, syncDirectory, writeAll, type StateFiles } from './state-files.js'

/** The journal's name in the state directory. */
export const JOURNAL_NAME = 'marks.journal'
const ARCHIVE = /^marks-(\d{12})\.journal$/
/** Rolled segments that are kept as audit log; older ones are deleted, because a full disk stops the baker. */
const KEPT_SEGMENTS = 32

export type JournalContent = {
  readonly marks: ReadonlyMap<string, MarkRecord>
  readonly tornBytes: number
}

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
  ): { readonly file: JournalFile; readonly content: JournalContent } {
    const path = join(directory, JOURNAL_NAME)
    const { bytes, marks, end, tornBytes } = readSound(files, path)
    replaceFile(files, directory, path, bytes)
    const fd = openFile(files, path, constants.O_RDWR | constants.O_APPEND)
    return { file: new JournalFile(files, path, fd, end, bytes.length), content: { marks, tornBytes } }
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
   * Puts a new segment that begins with `marks` in the journal's place and keeps the old one beside it.
   * This object is done then: open the journal anew.
   */
  roll(marks: Iterable<MarkRecord>, at: string): void {
    const directory = dirname(this.#path)
    const archive = join(directory, `marks-${String(this.#end.seq).padStart(12, '0')}.journal`)
    try {
      this.#files.linkSync(this.#path, archive)
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error // a crash came between link and rename before
    }
    replaceFile(this.#files, directory, this.#path, segmentBytes(marks, at, this.#end, 'snapshot'))
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
      const archives = this.#files.readdirSync(directory).filter((name) => ARCHIVE.test(name))
      for (const name of archives.sort().slice(0, -KEPT_SEGMENTS))
        this.#files.unlinkSync(join(directory, name))
    } catch {
      // tried again at the next roll
    }
  }
}

/** Makes the first segment of a state directory. Throws a StateError when there is a journal already. */
export function createJournal(
  files: StateFiles,
  directory: string,
  marks: Iterable<MarkRecord>,
  at: string,
): void {
  const path = join(directory, JOURNAL_NAME)
  if (files.statSync(path, { throwIfNoEntry: false }) !== undefined) {
    throw new StateError(
      'state-exists',
      `${path} exists; marks are never set twice (to raise them: tezio-bridge marks raise)`,
    )
  }
  replaceFile(files, directory, path, segmentBytes(marks, at, { seq: 0, sum: NO_PREVIOUS }, 'seed'))
  syncDirectory(files, dirname(directory))
}

/** The marks as the journal has them now, without owning it. Throws a StateError. */
export function readJournal(files: StateFiles, directory: string): JournalContent {
  return readSound(files, join(directory, JOURNAL_NAME))
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
function readSound(files: StateFiles, path: string) {
  const bytes = readBytes(files, path)
  const replay = replayJournal(bytes)
  if (replay.outcome === 'replayed') return { ...replay, bytes: bytes.subarray(0, replay.soundBytes) }
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

function segmentBytes(
  marks: Iterable<MarkRecord>,
  at: string,
  from: ChainEnd,
  why: 'seed' | 'snapshot',
): Buffer {
  let end = from
  let text = ''
  const add = (entry: NewEntry) => {
    const line = encodeLine(entry, end)
    text += line.text
    end = line.end
  }
  add({ type: 'segment', at, format: JOURNAL_FORMAT, version: JOURNAL_VERSION })
  for (const { chain, key, kind, level, round, digest, signature, raisedAt } of marks) {
    const values = { digest: digest ?? null, signature: signature ?? null }
    add({ type: 'mark', at: raisedAt, why, chain, key, kind, level, round, ...values })
  }
  return Buffer.from(text)
}
