import { mkdirSync } from 'node:fs'
import { decide, type LevelGap, type Verdict } from './decide.js'
import { createJournal, JournalFile, readJournal } from './journal-file.js'
import type { NewEntry } from './journal-line.js'
import { comparePosition, markName, type Mark, type MarkRecord, type Wanted } from './mark.js'
import type { MarkStore, Position, RaiseOutcome } from './mark-store.js'
import { firstOfEach, seedRecord } from './seeds.js'
import { StateError } from './state-error.js'
import type { StateEvent } from './state-event.js'
import { systemFiles, type StateFiles } from './state-files.js'
import { lockState, type StateLock } from './state-lock.js'

export type MarksJournalOptions = {
  readonly directory: string
  readonly maxLevelGap: LevelGap
  /** Wall-clock time for the audit log; no decision depends on it. */
  readonly wallClock?: () => Date
  readonly files?: StateFiles
  /** Size at which a segment is rolled. */
  readonly segmentBytes?: number
  readonly onEvent?: (event: StateEvent) => void
}

const SEGMENT_BYTES = 16 * 1024 * 1024

/**
 * Marks in an append-only journal on this host. One process owns it. After any failed write nothing is let through
 * until the journal was read again and written anew; it never lowers a mark, whatever the file says.
 */
export class MarksJournal implements MarkStore {
  readonly #directory: string
  readonly #maxLevelGap: LevelGap
  readonly #wallClock: () => Date
  readonly #files: StateFiles
  readonly #segmentBytes: number
  readonly #emit: (event: StateEvent) => void
  readonly #lock: StateLock
  readonly #marks: Map<string, MarkRecord>
  /** `undefined` after a failure, until it was opened again. */
  #file: JournalFile | undefined
  #isClosed = false

  private constructor(options: MarksJournalOptions, lock: StateLock) {
    this.#directory = options.directory
    this.#maxLevelGap = options.maxLevelGap
    this.#wallClock = options.wallClock ?? (() => new Date())
    this.#files = options.files ?? systemFiles
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES
    this.#emit = options.onEvent ?? (() => undefined)
    this.#lock = lock
    const { file, content } = JournalFile.open(this.#files, options.directory)
    this.#file = file
    this.#marks = new Map(content.marks)
    if (content.tornBytes > 0) this.#emit({ event: 'journal.torn-line-dropped', bytes: content.tornBytes })
  }

  /** Makes the state directory with its first marks. Throws `state-exists` where there is a journal already. */
  static create(options: MarksJournalOptions, seeds: readonly Position[]): void {
    mkdirSync(options.directory, { recursive: true, mode: 0o700 })
    const lock = lockState(options.directory)
    try {
      const at = (options.wallClock?.() ?? new Date()).toISOString()
      createJournal(
        options.files ?? systemFiles,
        options.directory,
        firstOfEach(seeds).map((seed) => seedRecord(seed, at)),
        at,
      )
    } finally {
      lock.release()
    }
  }

  /** Takes the directory and reads its journal. Throws a StateError; nothing is guessed. */
  static open(options: MarksJournalOptions): MarksJournal {
    const lock = lockState(options.directory)
    try {
      return new MarksJournal(options, lock)
    } catch (error) {
      lock.release()
      throw error
    }
  }

  /** The marks of a directory that somebody else may own, as far as its journal is whole. */
  static read(directory: string, files: StateFiles = systemFiles): readonly MarkRecord[] {
    return [...readJournal(files, directory).marks.values()]
  }

  marks(): readonly MarkRecord[] {
    return [...this.#marks.values()]
  }

  check(): void {
    this.#soundFile()
  }

  peek(wanted: Wanted): Verdict {
    return decide(wanted, this.#marks.get(markName(wanted)), this.#maxLevelGap)
  }

  reserve(wanted: Wanted): Verdict {
    const file = this.#soundFile()
    const verdict = this.peek(wanted)
    if (verdict.verdict === 'advance') this.#raise(file, wanted, verdict.to, 'request')
    return verdict
  }

  keepSignature(wanted: Wanted, signature: string): void {
    const name = markName(wanted)
    const mark = this.#marks.get(name)
    if (mark === undefined || comparePosition(mark, wanted) !== 0 || mark.digest !== wanted.digest) return
    this.#marks.set(name, { ...mark, signature })
    const file = this.#file
    if (file === undefined) return
    this.#write(file, { type: 'signature', at: this.#now(), ...wanted, signature }, 'lazy')
    if (file.size > this.#segmentBytes) this.#roll(file)
  }

  /** Raises a mark by hand. It never lowers one and never sets a first one. */
  raise(position: Position): RaiseOutcome {
    const file = this.#soundFile()
    const mark = this.#marks.get(markName(position))
    if (mark === undefined) return { outcome: 'refused', reason: 'no-mark', mark }
    if (comparePosition(position, mark) <= 0) return { outcome: 'refused', reason: 'not-higher', mark }
    const { level, round } = position
    this.#raise(file, position, { level, round, digest: undefined, signature: undefined }, 'operator')
    return { outcome: 'raised', from: mark }
  }

  /** Sets the first mark of keys, chains or kinds that have none; tells which were new. */
  seed(seeds: readonly Position[]): readonly Position[] {
    const file = this.#soundFile()
    const fresh = firstOfEach(seeds).filter((seed) => !this.#marks.has(markName(seed)))
    for (const seed of fresh) {
      const { level, round } = seed
      this.#raise(file, seed, { level, round, digest: undefined, signature: undefined }, 'seed')
    }
    return fresh
  }

  /** Gives the directory back. Nothing is let through any more. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    try {
      this.#file?.close()
    } finally {
      this.#file = undefined
      this.#lock.release()
    }
  }

  #raise(
    file: JournalFile,
    { chain, key, kind }: Position,
    to: Mark,
    why: 'request' | 'operator' | 'seed',
  ): void {
    const at = this.#now()
    const values = { digest: to.digest ?? null, signature: null }
    const { level, round } = to
    this.#write(file, { type: 'mark', at, why, chain, key, kind, level, round, ...values }, 'durable')
    this.#marks.set(markName({ chain, key, kind }), { chain, key, kind, ...to, raisedAt: at })
  }

  #write(file: JournalFile, entry: NewEntry, durability: 'durable' | 'lazy'): void {
    try {
      file.append(entry, durability)
    } catch (error) {
      throw this.#fail(error)
    }
  }

  #roll(file: JournalFile): void {
    try {
      file.roll(this.#marks.values(), this.#now())
      this.#file = JournalFile.open(this.#files, this.#directory).file
      this.#emit({ event: 'journal.rolled', marks: this.#marks.size })
    } catch (error) {
      throw this.#fail(error)
    }
  }

  /** The open journal; after a failure it is read again first, and what is known to be signed goes to a new segment. */
  #soundFile(): JournalFile {
    if (this.#isClosed) {
      throw new StateError(
        'state-write-failed',
        'the journal is closed: its directory may have another owner',
      )
    }
    try {
      if (this.#file !== undefined) {
        this.#file.refuseOtherFile()
        return this.#file
      }
      const { file, content } = JournalFile.open(this.#files, this.#directory)
      this.#file = file
      this.#adopt(content.marks)
      // What a failed sync left behind may be in memory only: a new segment is written and synced from scratch.
      file.roll(this.#marks.values(), this.#now())
      this.#file = JournalFile.open(this.#files, this.#directory).file
      this.#emit({ event: 'journal.reopened' })
      return this.#file
    } catch (error) {
      throw this.#fail(
        error instanceof StateError && error.code === 'state-missing' ? this.#gone(error) : error,
      )
    }
  }

  /** While marks are known here `init` would be the wrong advice: it would begin again below them. */
  #gone(cause: StateError): StateError {
    const text = `the journal in ${this.#directory} is gone; stop the daemon and restore it, or raise new marks above the last ones`
    return new StateError('journal-replaced', text, cause)
  }

  /** Takes over marks that reached the file without being known here; refuses a file that went back. */
  #adopt(found: ReadonlyMap<string, MarkRecord>): void {
    for (const [name, known] of this.#marks) {
      const mark = found.get(name)
      const order = mark === undefined ? -1 : comparePosition(mark, known)
      if (order < 0 || (order === 0 && mark?.digest !== known.digest)) {
        throw new StateError(
          'journal-replaced',
          `the journal went back behind the known mark of ${name}; restore it`,
        )
      }
    }
    for (const [name, mark] of found) {
      const known = this.#marks.get(name)
      if (known === undefined || comparePosition(mark, known) > 0) this.#marks.set(name, mark)
    }
  }

  #fail(error: unknown): StateError {
    try {
      this.#file?.close()
    } catch {
      // The descriptor is given up either way; the first error is the one to tell.
    }
    this.#file = undefined
    const reason = error instanceof Error ? error.message : String(error)
    this.#emit({ event: 'journal.write-failed', reason })
    if (error instanceof StateError) return error
    return new StateError(
      'state-write-failed',
      `the journal could not be written: ${reason}; nothing is signed until it can be`,
      error,
    )
  }

  #now(): string {
    return this.#wallClock().toISOString()
  }
}
