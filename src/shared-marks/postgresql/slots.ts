import type { Clock } from '../../clock.js'
import { TableFault } from './fault.js'

/** A number of places, first come first served. */
export class Slots {
  readonly #clock: Clock
  #free: number
  readonly #waiting = new Set<() => void>()

  constructor(clock: Clock, count: number) {
    this.#clock = clock
    this.#free = count
  }

  /** Resolves with what gives the place back. Rejects when there was none within `ms`. */
  take(ms: number): Promise<() => void> {
    const release = () => {
      const [next] = this.#waiting
      if (next === undefined) this.#free += 1
      else next()
    }
    if (this.#free > 0) {
      this.#free -= 1
      return Promise.resolve(release)
    }
    return new Promise((resolve, reject) => {
      const start = () => {
        this.#waiting.delete(start)
        cancel()
        resolve(release)
      }
      const cancel = this.#clock.after(ms, () => {
        this.#waiting.delete(start)
        reject(
          new TableFault('marks-unavailable', `all connections were busy for ${Math.round(ms)} ms`, true),
        )
      })
      this.#waiting.add(start)
    })
  }
}
