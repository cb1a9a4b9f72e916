import type { DeviceAnswer, DeviceFailure, SigningDevice } from '../../src/policy/index.js'
import type { PublicKeyHash } from '../../src/tezos/index.js'
import type { ManualClock } from './fixture.js'

/** Lets all promises run that can. */
export const settle = async () => {
  for (let turn = 0; turn < 4; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
}

/** A device that is there or not, or will be soon. */
export abstract class ComingDevice implements SigningDevice {
  readonly name: string
  protected readonly clock: ManualClock
  readonly #waiting = new Set<() => void>()
  isUp = true
  /** Whether it will be up soon: then `ready` waits for it. */
  isSyncing = false

  constructor(name: string, clock: ManualClock) {
    this.name = name
    this.clock = clock
  }

  readonly isReady = () => this.isUp

  readonly ready = async (ms: number): Promise<DeviceFailure | undefined> => {
    if (!this.isUp && this.isSyncing && ms > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.clock.after(ms, resolve)
        this.#waiting.add(() => {
          cancel()
          resolve()
        })
      })
    }
    const message = `${this.name} is away`
    return this.isUp ? undefined : { outcome: 'failed', code: 'device-unavailable', message, sent: false }
  }

  abstract readonly sign: (key: PublicKeyHash, payload: Uint8Array) => Promise<DeviceAnswer>

  become(state: 'up' | 'away' | 'syncing'): void {
    this.isUp = state === 'up'
    this.isSyncing = state === 'syncing'
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
}
