import { join } from 'node:path'
import { createJournal, JournalFile, segmentBytes, type JournalPlace } from './journal-file.js'
import { archivePattern, journalName, type JournalForm } from './journal-form.js'
import { NO_PREVIOUS, type AnyEntry } from './journal-line.js'
import { StateError } from './state-error.js'
import type { StateFiles } from './state-files.js'

/** What happens to a journal, for the log. */
export type JournalEvent =
  | { readonly event: 'journal.torn-line-dropped'; readonly bytes: number }
  | { readonly event: 'journal.write-failed'; readonly reason: string }
  | { readonly event: 'journal.reopened' }
  | { readonly event: 'journal.rolled' }

export type SoundJournalOptions<Entry extends AnyEntry, State> = {
  readonly form: JournalForm<Entry, State>
  /** Whoever opens a journal here owns the directory. */
  readonly directory: string
  readonly files: StateFiles
  /** Size at which a segment is rolled. */
  readonly segmentBytes: number
  /** So many times what a new segment begins with come on top of that, for a state that is large itself; else 0. */
  readonly snapshots: number
  readonly now: () => string
  readonly onEvent: (event: JournalEvent) => void
  /** Sees every line that is there when the journal is opened. */
  readonly onLine?: (entry: Entry) => void
}

/**
 * The journal's file and what it adds up to. After any failed write nothing is written until the file was read again
 * and written anew.
 */
export class SoundJournal<Entry extends AnyEntry, State> {
  readonly #options: SoundJournalOptions<Entry, State>
  readonly state: State
  /** `undefined` after a failure, until it was opened again. */
  #file: JournalFile<Entry, State> | undefined
  /** What a segment of about this state begins with, in bytes; measured when a segment is large enough to roll. */
  #snapshotBytes: number | undefined
  #isClosed = false

  /** Reads and opens the journal. Throws a StateError, or what the system says. */
  constructor(options: SoundJournalOptions<Entry, State>) {
    this.#options = options
    const { file, content } = JournalFile.open(options, options.onLine)
    this.#file = file
    this.state = content.state
    if (content.tornBytes > 0) {
      options.onEvent({ event: 'journal.torn-line-dropped', bytes: content.tornBytes })
    }
  }

  /** Throws a StateError when nothing could be written now. */
  check(): void {
    this.#soundFile()
  }

  /** Writes one line, durably, and only then takes it into the state. Throws a StateError. */
  commit(entry: Entry): void {
    this.#write(this.#soundFile(), entry, 'durable')
    this.#options.form.apply(this.state, entry)
  }

  /** Begins a new segment when this one is large enough. Throws a StateError. */
  rollWhenFull(): void {
    if (this.#file !== undefined && this.#isFull(this.#file)) this.#roll(this.#file)
  }

  /** Writes all the lines, durably, or none, and only then takes them into the state. Throws a StateError. */
  commitAll(entries: readonly Entry[]): void {
    const file = this.#soundFile()
    try {
      file.appendAll(entries)
      this.#open()
    } catch (error) {
      throw this.#fail(error)
    }
    for (const entry of entries) this.#options.form.apply(this.state, entry)
  }

  /**
   * Takes one line into the state, where it holds from now on, and then writes it, as far as the journal is sound;
   * what is not written now is written with the next segment. Throws a StateError after a failed write.
   */
  note(entry: Entry, durability: 'durable' | 'lazy'): void {
    if (this.#options.form.apply(this.state, entry) !== undefined || this.#file === undefined) return
    this.#write(this.#file, entry, durability)
    this.rollWhenFull()
  }

  close(): void {
    this.#isClosed = true
    const file = this.#file
    this.#file = undefined
    file?.close()
  }

  #write(file: JournalFile<Entry, State>, entry: Entry, durability: 'durable' | 'lazy'): void {
    try {
      file.append(entry, durability)
    } catch (error) {
      throw this.#fail(error)
    }
  }

  /** A large state must not be written again with every line: rolling waits for some of its size. */
  #isFull({ size }: JournalFile<Entry, State>): boolean {
    const { segmentBytes: limit, snapshots } = this.#options
    if (size <= limit || snapshots === 0) return size > limit
    this.#snapshotBytes ??= this.#measure()
    return size > limit + snapshots * this.#snapshotBytes
  }

  #measure(): number {
    const place = { at: this.#options.now(), from: { seq: 0, sum: NO_PREVIOUS }, why: 'snapshot' } as const
    return segmentBytes(this.#options.form, this.state, place).length
  }

  #roll(file: JournalFile<Entry, State>): void {
    try {
      const at = this.#options.now()
      this.#options.form.forget(this.state, at)
      file.roll(this.state, at)
      this.#snapshotBytes = this.#open().size
      this.#options.onEvent({ event: 'journal.rolled' })
    } catch (error) {
      throw this.#fail(error)
    }
  }

  #open(): JournalFile<Entry, State> {
    this.#file = JournalFile.open(this.#options).file
    return this.#file
  }

  /** The open journal; after a failure it is read again first, and what is known to be signed goes to a new segment. */
  #soundFile(): JournalFile<Entry, State> {
    if (this.#isClosed) {
      const text = 'the journal is closed: its directory may have another owner'
      throw new StateError('state-write-failed', text)
    }
    try {
      if (this.#file !== undefined) {
        this.#file.refuseOtherFile()
        return this.#file
      }
      const { file, content } = JournalFile.open(this.#options)
      this.#file = file
      this.#options.form.adopt(this.state, content.state)
      // What a failed sync left behind may be in memory only: a new segment is written and synced from scratch.
      file.roll(this.state, this.#options.now())
      const fresh = this.#open()
      this.#options.onEvent({ event: 'journal.reopened' })
      return fresh
    } catch (error) {
      const { directory, form } = this.#options
      const isGone = error instanceof StateError && error.code === 'state-missing'
      throw this.#fail(isGone ? new StateError('journal-replaced', form.words.gone(directory), error) : error)
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
    this.#options.onEvent({ event: 'journal.write-failed', reason })
    if (error instanceof StateError) return error
    const text = `the journal could not be written: ${reason}; nothing is signed until it can be`
    return new StateError('state-write-failed', text, error)
  }
}

/**
 * Makes a journal that has none, empty. Throws a StateError, `journal-replaced`, where it is missing and rolled
 * segments of it are there: it was not the first time then.
 */
export function ensureJournal<Entry extends AnyEntry, State>(
  place: JournalPlace<Entry, State>,
  at: string,
): void {
  const { form, files, directory } = place
  if (files.statSync(join(directory, journalName(form)), { throwIfNoEntry: false }) !== undefined) return
  const pattern = archivePattern(form)
  if (files.readdirSync(directory).some((name) => pattern.test(name))) {
    throw new StateError('journal-replaced', form.words.gone(directory))
  }
  createJournal(place, form.empty(), at)
}
