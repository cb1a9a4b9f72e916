import type { Clock } from '../clock.js'

/** Why a turn never came; nothing was done. */
export type TurnRefusal = 'queue-full' | 'deadline-passed' | 'client-gone' | 'shutting-down'

/** How long a request is worth waiting for. `deadlineAt` is an instant of the clock, in ms. */
export type Patience = { readonly deadlineAt: number; readonly signal: AbortSignal | undefined }

type Waiting = { readonly start: () => void; readonly leave: (why: TurnRefusal) => void }

/** One at a time, first come first served, a bounded number waiting, nobody longer than it is worth. */
export class Turns {
  readonly #clock: Clock
  readonly #capacity: number
  readonly #queue: Waiting[] = []
  #isTaken = false
  #isClosing = false
  #onIdle: (() => void)[] = []

  constructor(clock: Clock, capacity: number) {
    this.#clock = clock
    this.#capacity = capacity
  }

  get waiting(): number {
    return this.#queue.length
  }

  /** Runs `job` when it is its turn. Resolves with the reason instead when the turn did not come. */
  async run<Result>(patience: Patience, job: () => Promise<Result>): Promise<Result | TurnRefusal> {
    const refusal = await this.#enter(patience)
    if (refusal !== undefined) return refusal
    try {
      return await job()
    } finally {
      this.#leave()
    }
  }

  /** Turns away everybody who waits and everybody to come; resolves when the one at work is done. */
  async close(): Promise<void> {
    this.#isClosing = true
    for (const { leave } of this.#queue.splice(0)) leave('shutting-down')
    if (!this.#isTaken) return
    await new Promise<void>((resolve) => {
      this.#onIdle.push(resolve)
    })
  }

  /** Whether a request is still worth serving now. */
  refusalOf({ deadlineAt, signal }: Patience): TurnRefusal | undefined {
    if (this.#isClosing) return 'shutting-down'
    if (signal?.aborted === true) return 'client-gone'
    return this.#clock.now() >= deadlineAt ? 'deadline-passed' : undefined
  }

  async #enter(patience: Patience): Promise<TurnRefusal | undefined> {
    const refusal = this.refusalOf(patience)
    if (refusal !== undefined) return refusal
    if (!this.#isTaken) {
      this.#isTaken = true
      return undefined
    }
    if (this.#queue.length >= this.#capacity) return 'queue-full'
    return this.#wait(patience)
  }

  #wait({ deadlineAt, signal }: Patience): Promise<TurnRefusal | undefined> {
    return new Promise((resolve) => {
      const settle = (outcome: TurnRefusal | undefined) => {
        cancelDeadline()
        signal?.removeEventListener('abort', onAbort)
        const index = this.#queue.indexOf(waiting)
        if (index >= 0) this.#queue.splice(index, 1)
        resolve(outcome)
      }
      const waiting: Waiting = {
        start: () => {
          settle(undefined)
        },
        leave: settle,
      }
      const onAbort = () => {
        settle('client-gone')
      }
      const cancelDeadline = this.#clock.after(deadlineAt - this.#clock.now(), () => {
        settle('deadline-passed')
      })
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#queue.push(waiting)
    })
  }

  #leave(): void {
    const next = this.#queue.shift()
    if (next !== undefined) {
      next.start()
      return
    }
    this.#isTaken = false
    for (const resolve of this.#onIdle.splice(0)) resolve()
  }
}
