import { StateError, type StateErrorCode } from '../policy/index.js'
import type { SharedMarksEvent } from './shared-marks-event.js'

/** What is wrong with the table. */
export type TableTrouble = { readonly code: StateErrorCode; readonly message: string }

/** Remembers how the table was when it was asked last, and tells each change once. */
export class Trouble {
  readonly #onEvent: (event: SharedMarksEvent) => void
  /** Without an answer that counted. */
  #gone: TableTrouble | undefined
  /** Until a whole reading finds nothing below what this host knows. */
  #older: TableTrouble | undefined

  /** Nothing was asked yet: that is no answer either. */
  constructor(place: string, onEvent: (event: SharedMarksEvent) => void) {
    this.#onEvent = onEvent
    this.#gone = { code: 'marks-unavailable', message: `the shared marks in ${place} were not read yet` }
  }

  get now(): TableTrouble | undefined {
    return this.#older ?? this.#gone
  }

  /** Throws a StateError while the table is known to be gone or to be older than this host's journal. */
  check(): void {
    const { now } = this
    if (now !== undefined) throw new StateError(now.code, now.message)
  }

  refuseOlder(): void {
    if (this.#older !== undefined) throw new StateError(this.#older.code, this.#older.message)
  }

  /** What is asked of the table tells whether it is there. Rejects with what the question rejects with. */
  async ask<Value>(question: () => Promise<Value>): Promise<Value> {
    try {
      const value = await question()
      this.answered()
      return value
    } catch (error) {
      this.failed(error)
      throw error
    }
  }

  /** Remembers what `check` throws, and throws it. */
  watch(check: () => void): void {
    try {
      check()
    } catch (error) {
      this.failed(error)
      throw error
    }
  }

  /** The table answered. */
  answered(): void {
    const wasGone = this.#gone !== undefined
    this.#gone = undefined
    if (wasGone) this.#onEvent({ event: 'marks.available' })
  }

  /** All of the table was read and is nowhere below what is known here. */
  isSound(): void {
    this.#older = undefined
  }

  /** The table did not answer, or with what must not be believed. What is wrong with the journal is not its trouble. */
  failed(error: unknown): void {
    const { code, message } =
      error instanceof StateError
        ? error
        : {
            code: 'marks-unavailable' as const,
            message: error instanceof Error ? error.message : String(error),
          }
    if (code === 'marks-went-back') {
      const isNew = this.#older?.message !== message
      this.#older = { code, message }
      if (isNew) this.#onEvent({ event: 'marks.went-back', reason: message })
    } else if (code === 'marks-unavailable' || code === 'marks-schema') {
      const isNew = this.#gone === undefined || this.#isUntold
      this.#isUntold = false
      this.#gone = { code, message }
      if (isNew) this.#onEvent({ event: 'marks.unavailable', reason: message })
    }
  }

  /** What is gone from the start is told with the first failure. */
  #isUntold = true
}
