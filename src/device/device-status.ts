import type { Clock } from '../clock.js'
import { DeviceError } from './device-error.js'

/** Where the link stands; only in `ready` and `busy` was the board found to be the right one. */
export type DeviceState = 'closed' | 'opening' | 'syncing' | 'ready' | 'busy' | 'resyncing'

/** What the device is doing and what was wrong last; whoever waits for a change of it is woken here. */
export class DeviceStatus {
  path: string | undefined
  isSimulated = false
  timesReady = 0
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()
  #state: Exclude<DeviceState, 'busy'> = 'closed'
  #since: number
  #failure: DeviceError | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#since = clock.now()
  }

  get state(): Exclude<DeviceState, 'busy'> {
    return this.#state
  }

  /** The instant the state was entered, in ms of the clock. */
  get since(): number {
    return this.#since
  }

  /** Why the device is not ready; `undefined` while it is, and before the first attempt. */
  get failure(): DeviceError | undefined {
    return this.#failure
  }

  enter(state: Exclude<DeviceState, 'busy'>): void {
    if (state === 'ready') this.#failure = undefined
    if (this.#state === state) return
    this.#state = state
    this.#since = this.#clock.now()
    this.wake()
  }

  /** Keeps what went wrong and tells whether that is news, and not the same again. */
  fail(failure: DeviceError): boolean {
    const isNews = this.#failure?.code !== failure.code || this.#failure.message !== failure.message
    this.#failure = failure
    this.wake()
    return isNews
  }

  /** The refusal of a command that cannot be sent now. */
  unavailable(): DeviceError {
    const code = this.#failure?.code === 'wrong-device' ? 'wrong-device' : 'device-unavailable'
    const why = this.#failure === undefined ? '' : `: ${this.#failure.message}`
    return new DeviceError(code, `the device is ${this.#state}${why}`)
  }

  wake(): void {
    for (const resume of [...this.#waiting]) resume()
  }

  /** Resolves when somebody was woken, by a change or otherwise, or after `ms`. */
  change(ms?: number): Promise<void> {
    return new Promise((resolve) => {
      const resume = () => {
        cancel?.()
        this.#waiting.delete(resume)
        resolve()
      }
      const cancel = ms === undefined ? undefined : this.#clock.after(ms, resume)
      this.#waiting.add(resume)
    })
  }

  /** Waits until `isOver`, at most `ms`; tells whether it was in time. */
  async until(isOver: () => boolean, ms: number): Promise<boolean> {
    const deadline = this.#clock.now() + ms
    while (!isOver()) {
      const left = deadline - this.#clock.now()
      if (left <= 0) return false
      await this.change(left)
    }
    return true
  }
}
