import type { Clock } from '../clock.js'

/** Writes to the table that may be on their way while nobody waits for them; more are let go of. */
const MOST_TOLD = 64

/** What goes on beside the requests: one thing over and over, one at a time, and small things that may be lost. */
export class Background {
  readonly #clock: Clock
  readonly #pauseMs: () => number
  readonly #work: () => Promise<void>
  readonly #told = new Set<Promise<void>>()
  #running: Promise<void> | undefined
  #cancel: () => void = () => undefined
  #isClosed = false

  /** `work` never rejects. It is done for the first time with `run`, and then again `pauseMs` after it ended. */
  constructor(clock: Clock, pauseMs: () => number, work: () => Promise<void>) {
    this.#clock = clock
    this.#pauseMs = pauseMs
    this.#work = work
  }

  /** Does the work from its start on, after what is under way. */
  async run(): Promise<void> {
    await this.#running
    this.#cancel()
    await this.#start()
  }

  /** Starts `action` and lets it go; a failure of it is nobody's concern. */
  tell(action: () => Promise<void>): void {
    if (this.#isClosed || this.#told.size >= MOST_TOLD) return
    const telling = action()
      .catch(() => undefined)
      .finally(() => this.#told.delete(telling))
    this.#told.add(telling)
  }

  /** Begins nothing more, and resolves when what is under way has ended. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancel()
    await Promise.all([this.#running, ...this.#told])
  }

  #start(): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined
      if (this.#isClosed) return
      this.#cancel = this.#clock.after(this.#pauseMs(), () => {
        void this.#start()
      })
    })
    return this.#running
  }
}
