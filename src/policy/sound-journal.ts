import { adopt } from './adopt.js'
import { JournalFile } from './journal-file.js'
import type { NewEntry } from './journal-line.js'
import { applyEntry, forgetOldSpends, type JournalState } from './journal-state.js'
import type { NonceUse } from './nonce-watch.js'
import { StateError } from './state-error.js'
import type { StateEvent } from './state-event.js'
import type { StateFiles } from './state-files.js'

export type SoundJournalOptions = {
  readonly directory: string
  readonly files: StateFiles
  /** Size at which a segment is rolled. */
  readonly segmentBytes: number
  readonly now: () => string
  readonly onEvent: (event: StateEvent) => void
}

/**
 * The journal's file and what it adds up to. After any failed write nothing is written until the file was read again
 * and written anew.
 */
export class SoundJournal {
  readonly #options: SoundJournalOptions
  readonly state: JournalState
  /** The nonces that the journal held when it was opened. */
  readonly nonces: readonly NonceUse[]
  /** `undefined` after a failure, until it was opened again. */
  #file: JournalFile | undefined
  #isClosed = false

  /** Reads and opens the journal. Throws a StateError, or what the system says. */
  constructor(options: SoundJournalOptions) {
    this.#options = options
    const { file, content } = JournalFile.open(options.files, options.directory)
    const { marks, quarantines, spends, exportedAt, nonces, tornBytes } = content
    this.#file = file
    this.state = { marks, quarantines, spends, exportedAt }
    this.nonces = nonces
    if (tornBytes > 0) options.onEvent({ event: 'journal.torn-line-dropped', bytes: tornBytes })
  }

  /** Throws a StateError when nothing could be written now. */
  check(): void {
    this.#soundFile()
  }

  /** Writes one line, durably, and only then takes it into the state. Throws a StateError. */
  commit(entry: NewEntry): void {
    this.#write(this.#soundFile(), entry, 'durable')
    applyEntry(this.state, entry)
  }

  /** Begins a new segment when this one is large enough. Throws a StateError. */
  rollWhenFull(): void {
    if (this.#file !== undefined && this.#file.size > this.#options.segmentBytes) this.#roll(this.#file)
  }

  /** Writes all the lines, durably, or none, and only then takes them into the state. Throws a StateError. */
  commitAll(entries: readonly NewEntry[]): void {
    const file = this.#soundFile()
    try {
      file.appendAll(entries)
      this.#open()
    } catch (error) {
      throw this.#fail(error)
    }
    for (const entry of entries) applyEntry(this.state, entry)
  }

  /**
   * Takes one line into the state, where it holds from now on, and then writes it, as far as the journal is sound;
   * what is not written now is written with the next segment. Throws a StateError after a failed write.
   */
  note(entry: NewEntry, durability: 'durable' | 'lazy'): void {
    if (applyEntry(this.state, entry) !== undefined || this.#file === undefined) return
    this.#write(this.#file, entry, durability)
    this.rollWhenFull()
  }

  close(): void {
    this.#isClosed = true
    const file = this.#file
    this.#file = undefined
    file?.close()
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
      const at = this.#options.now()
      forgetOldSpends(this.state, at)
      file.roll(this.state, at)
      this.#open()
      this.#options.onEvent({ event: 'journal.rolled', marks: this.state.marks.size })
    } catch (error) {
      throw this.#fail(error)
    }
  }

  #open(): JournalFile {
    this.#file = JournalFile.open(this.#options.files, this.#options.directory).file
    return this.#file
  }

  /** The open journal; after a failure it is read again first, and what is known to be signed goes to a new segment. */
  #soundFile(): JournalFile {
    if (this.#isClosed) {
      const text = 'the journal is closed: its directory may have another owner'
      throw new StateError('state-write-failed', text)
    }
    try {
      if (this.#file !== undefined) {
        this.#file.refuseOtherFile()
        return this.#file
      }
      const { file, content } = JournalFile.open(this.#options.files, this.#options.directory)
      this.#file = file
      adopt(this.state, content)
      // What a failed sync left behind may be in memory only: a new segment is written and synced from scratch.
      file.roll(this.state, this.#options.now())
      const fresh = this.#open()
      this.#options.onEvent({ event: 'journal.reopened' })
      return fresh
    } catch (error) {
      const isGone = error instanceof StateError && error.code === 'state-missing'
      throw this.#fail(isGone ? this.#gone(error) : error)
    }
  }

  /** While marks are known here `init` would be the wrong advice: it would begin again below them. */
  #gone(cause: StateError): StateError {
    const text = `the journal in ${this.#options.directory} is gone; stop the daemon and restore it, or raise new marks above the last ones`
    return new StateError('journal-replaced', text, cause)
  }

  #fail(error: unknown): StateError {
    try {
      this.#file?.close()
    } catch {
      // The descriptor is given up either way; the first error is the one to tell.
    }
    this.#file = undefined
    const reason = error instanceof Error ? error.message : String(error)
    this.#options.onEvent({ event: 'journal.write-failed', reason })
    if (error instanceof StateError) return error
    const text = `the journal could not be written: ${reason}; nothing is signed until it can be`
    return new StateError('state-write-failed', text, error)
  }
}
