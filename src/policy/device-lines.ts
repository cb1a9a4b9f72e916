import type { Clock } from '../clock.js'
import { failureRefusal, turnRefusal } from './explain.js'
import type { Lane } from './fair-line.js'
import { refuse, type Refusal, type RefusalCode } from './refusal.js'
import type { DeviceFailure, SigningDevice } from './signing-device.js'
import { Spares, type DeviceRoutes, type SpareEvent } from './spares.js'
import { Turns, type Patience } from './turns.js'

/** Nothing was sent, and another device may do it. */
export type NotReady = { readonly notReady: DeviceFailure }

export type DeviceLinesOptions = {
  readonly devices: Pick<DeviceRoutes, 'quietMs'>
  readonly clock: Clock
  /** Requests that may wait for one device; one more is refused. */
  readonly queueCapacity: number
  readonly onEvent: (event: SpareEvent) => void
}

/** A line for each device, so that none waits for another, and whoever waits for one that is gone goes to a spare. */
export class DeviceLines {
  readonly #options: DeviceLinesOptions
  readonly #spares: Spares
  readonly #lines = new Map<SigningDevice, Turns>()
  #isClosing = false

  constructor(options: DeviceLinesOptions) {
    this.#options = options
    this.#spares = new Spares(options.clock, options.devices.quietMs, options.onEvent)
  }

  /** Requests that wait, for all devices together. */
  get waiting(): number {
    return [...this.#lines.values()].reduce((sum, { waiting }) => sum + waiting, 0)
  }

  /**
   * Has `serve` done in turn at the device that is next. Where that one is not ready by then, another one is next; `serve`
   * may wait for `waitMs`, which is nothing while the key has another device.
   */
  async inTurn<Result extends object>(
    lane: Lane,
    patience: Patience,
    devices: readonly SigningDevice[],
    serve: (device: SigningDevice, waitMs: number) => Promise<Result | NotReady>,
  ): Promise<Result | Refusal> {
    const isOnly = devices.length === 1
    for (;;) {
      const device = await this.#spares.next(lane.key, devices, patience)
      if ('outcome' in device) return failureRefusal(device, undefined)
      const result = await this.#lineOf(device).run(lane, patience, () =>
        serve(device, isOnly ? patience.deadlineAt - this.#options.clock.now() : 0),
      )
      if (typeof result === 'string') return turnRefusal(result)
      if (!isNotReady(result)) return result
      if (isOnly) return refuse(result.notReady.code, result.notReady.message)
    }
  }

  /** Whether a request is still worth serving at a device now. */
  goneRefusal(device: SigningDevice, patience: Patience): Refusal | undefined {
    const gone = this.#lineOf(device).refusalOf(patience)
    return gone && turnRefusal(gone)
  }

  /** A request ended with a refusal after the device was asked: the next one may have to go to a spare. */
  noteAnswer(device: SigningDevice, code: RefusalCode): void {
    this.#spares.noteAnswer(device, code)
  }

  /** Turns away everybody who waits and everybody to come; resolves when those at work are done. */
  async close(): Promise<void> {
    this.#isClosing = true
    await Promise.all([...this.#lines.values()].map((turns) => turns.close()))
  }

  #lineOf(device: SigningDevice): Turns {
    const known = this.#lines.get(device)
    if (known !== undefined) return known
    const turns = new Turns(this.#options.clock, this.#options.queueCapacity)
    this.#lines.set(device, turns)
    if (this.#isClosing) void turns.close()
    return turns
  }
}

function isNotReady(result: object): result is NotReady {
  return 'notReady' in result
}
