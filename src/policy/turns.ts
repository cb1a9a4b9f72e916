import type { Clock } from '../clock.js'
import { FairLine, type Lane } from './fair-line.js'

/** Why a turn never came; nothing was done. */
export type TurnRefusal = 'queue-full' | 'deadline-passed' | 'client-gone' | 'shutting-down'

/** How long a request is worth waiting for. `deadlineAt` is an instant of the clock, in ms. */
export type Patience = { readonly deadlineAt: number; readonly signal: AbortSignal | undefined }

type Waiting = { readonly start: () => void; readonly leave: (why: TurnRefusal) => void }

/** One at a time, in a fair order, a bounded number waiting, nobody longer than it is worth. */
export class Turns {
  readonly #clock: Clock
  readonly #capacity: number
  readonly #line = new FairLine<Waiting>()
  #isTaken = false
  #isClosing = false
  #onIdle: (() => void)[] = []

  constructor(clock: Clock, capacity: number) {
    this.#clock = clock
    this.#capacity = capacity
  }

  get waiting(): number {
    return this.#line.size
  }

  /** Whether somebody is at work. */
  get isTaken(): boolean {
    return this.#isTaken
  }

  /** Runs `job` when it is its turn. Resolves with the reason instead when the turn did not come. */
  async run<Result>(
    lane: Lane,
    patience: Patience,
    job: () => Promise<Result>,
  ): Promise<Result | TurnRefusal> {
    const refusal = await this.#enter(lane, patience)
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
    for (const { leave } of this.#line.clear()) leave('shutting-down')
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

  async #enter(lane: Lane, patience: Patience): Promise<TurnRefusal | undefined> {
    const refusal = this.refusalOf(patience)
    if (refusal !== undefined) return refusal
    if (!this.#isTaken) {
      this.#isTaken = true
      return undefined
    }
    if (this.#line.size >= this.#capacity) {
      const crowdedOut = this.#line.makeRoomFor(lane)
      if (crowdedOut === undefined) return 'queue-full'
      crowdedOut.leave('queue-full')
    }
    return this.#wait(lane, patience)
  }

  #wait(lane: Lane, { deadlineAt, signal }: Patience): Promise<TurnRefusal | undefined> {
    return new Promise((resolve) => {
      const settle = (outcome: TurnRefusal | undefined) => {
        cancelDeadline()
        signal?.removeEventListener('abort', onAbort)
        this.#line.remove(lane, waiting)
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
      this.#line.add(lane, waiting)
    })
  }

  #leave(): void {
    const next = this.#line.next()
    if (next !== undefined) {
      next.start()
      return
    }
    this.#isTaken = false
    for (const resolve of this.#onIdle.splice(0)) resolve()
  }
}
