import { DeviceError } from '../device-error.js'

/** More than this wait for nothing: whoever asks is told at once. */
const MOST_WAITING = 64

/** One after the other; what is urgent goes before all that wait. Nothing is begun twice. */
export class Turns {
  #isTaken = false
  readonly #urgent: (() => void)[] = []
  readonly #patient: (() => void)[] = []

  /** Runs it when its turn comes, at once where nobody else has it. Rejects `device-busy` where too many wait. */
  async take<Value>(run: () => Promise<Value>, isUrgent: boolean): Promise<Value> {
    if (this.#isTaken) await this.#wait(isUrgent)
    this.#isTaken = true
    try {
      return await run()
    } finally {
      this.#pass()
    }
  }

  #wait(isUrgent: boolean): Promise<void> {
    const line = isUrgent ? this.#urgent : this.#patient
    if (line.length >= MOST_WAITING) {
      const text = `${line.length} requests wait for the token already, and no more may: ask again later`
      throw new DeviceError('device-busy', text)
    }
    return new Promise((resolve) => {
      line.push(resolve)
    })
  }

  /** It stays taken for the next one, so that nobody comes in between. */
  #pass(): void {
    const next = this.#urgent.shift() ?? this.#patient.shift()
    if (next === undefined) this.#isTaken = false
    else next()
  }
}
