import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../clock.js'
import { failureRefusal, turnRefusal } from './explain.js'
import type { Lane } from './fair-line.js'
import { refuse, type Refusal, type RefusalCode } from './refusal.js'
import type { DeviceFailure, SigningDevice } from './signing-device.js'
import { anyReady, patienceLeft, Spares, type DeviceRoutes, type Route, type SpareEvent } from './spares.js'
import { Turns, type Patience, type TurnRefusal } from './turns.js'

/** Nothing was sent, and another device may do it. */
export type NotReady = { readonly notReady: DeviceFailure }

/** Serves a request at a device, which may be waited for so many ms. */
export type Serve<Result extends object> = (
  device: SigningDevice,
  waitMs: number,
) => Promise<Result | NotReady>

export type DeviceLinesOptions = {
  readonly devices: Pick<DeviceRoutes, 'quietMs'>
  readonly clock: Clock
  /** Requests that may wait for one device; one more is refused. */
  readonly queueCapacity: number
  readonly onEvent: (event: SpareEvent) => void
}

/** Who waits, for whom, and how long. */
type Waiter = { readonly lane: Lane; readonly patience: Patience; readonly route: Route }

/** Its turn came, and it was not served: why. */
type Hop = { readonly hop: 'device-is-not-next' | 'key-is-at-another-device' | 'device-is-not-ready' }

/** A line for each device, so that none waits for another, and whoever waits for one that is gone goes to a spare. */
export class DeviceLines {
  readonly #options: DeviceLinesOptions
  readonly #spares: Spares
  readonly #lines = new Map<SigningDevice, Turns>()
  /**
   * One of an owner at a time, at whatever device: two at work on one payload would make two signatures of it, and
   * what counts signatures would count neither. Who waits for any device to be ready waits here too.
   */
  readonly #gates = new Map<string, Turns>()
  /** Devices in whose line somebody waited who could go elsewhere: nobody blocks these while they are not ready. */
  readonly #shared = new Set<SigningDevice>()
  #isClosing = false

  constructor(options: DeviceLinesOptions) {
    this.#options = options
    this.#spares = new Spares(options.clock, options.devices.quietMs, options.onEvent)
  }

  /** Requests that wait, for all devices together. */
  get waiting(): number {
    return [...this.#lines.values(), ...this.#gates.values()].reduce((sum, { waiting }) => sum + waiting, 0)
  }

  /**
   * Has `serve` done in turn at the device that is next. Where that one is not ready by then, or had a fault meanwhile,
   * another one is next; `serve` may wait only where there is no other.
   */
  async inTurn<Result extends object>(
    lane: Lane,
    patience: Patience,
    route: Route,
    serve: Serve<Result>,
  ): Promise<Result | Refusal> {
    const waiter: Waiter = { lane, patience, route }
    const passedOver = new Set<SigningDevice>()
    for (;;) {
      const device = this.#onlyOf(route) ?? this.#spares.next(route, passedOver)
      if (device === undefined) {
        const unready = await this.#untilAnyReady(waiter)
        if (unready !== undefined) return unready
        passedOver.clear()
        // one that contradicts itself must not keep everybody else from being served
        if (!route.devices.some((one) => one.isReady())) await setImmediate()
        continue
      }
      const result = await this.#lineOf(device).run(lane, patience, () =>
        this.#serveAt(device, waiter, serve),
      )
      if (typeof result === 'string') return turnRefusal(result)
      if (isHop(result)) {
        const refusal = await this.#hop(result, waiter)
        if (refusal !== undefined) return refusal
      } else if (isNotReady(result)) {
        if (route.devices.length === 1) return refuse(result.notReady.code, result.notReady.message)
        passedOver.add(device) // it is asked again only when it said itself that it is ready
      } else return result
    }
  }

  /** Whether a request is still worth serving at a device now. */
  goneRefusal(device: SigningDevice, patience: Patience): Refusal | undefined {
    const gone = this.#lineOf(device).refusalOf(patience)
    return gone && turnRefusal(gone)
  }

  /** A request ended with a refusal after bytes went to the device: the next one may have to go to a spare. */
  noteAnswer(device: SigningDevice, code: RefusalCode): void {
    this.#spares.noteAnswer(device, code)
  }

  /** Turns away everybody who waits and everybody to come; resolves when those at work are done. */
  async close(): Promise<void> {
    this.#isClosing = true
    await Promise.all([...this.#lines.values(), ...this.#gates.values()].map((turns) => turns.close()))
  }

  #onlyOf({ devices }: Route): SigningDevice | undefined {
    const [only] = devices
    if (devices.length !== 1) for (const device of devices) this.#shared.add(device)
    return devices.length === 1 ? only : undefined
  }

  /** At work, alone with the device. */
  async #serveAt<Result extends object>(
    device: SigningDevice,
    { lane, patience, route }: Waiter,
    serve: Serve<Result>,
  ): Promise<Result | NotReady | Hop | TurnRefusal> {
    if (route.devices.length === 1) {
      if (this.#shared.has(device) && !device.isReady()) return { hop: 'device-is-not-ready' }
      return serve(device, patienceLeft(patience, this.#options.clock))
    }
    if (!this.#spares.isStillNext(route, device)) return { hop: 'device-is-not-next' }
    const gate = this.#gateOf(route)
    if (gate.isTaken) return { hop: 'key-is-at-another-device' }
    return gate.run(lane, patience, () => serve(device, 0))
  }

  /** What has to happen before it is its turn again, in no device's line. */
  async #hop({ hop }: Hop, waiter: Waiter): Promise<Refusal | undefined> {
    if (hop === 'device-is-not-next') return undefined
    if (hop === 'device-is-not-ready') return this.#untilAnyReady(waiter)
    const { lane, patience, route } = waiter
    const why = await this.#gateOf(route).run(lane, patience, () => Promise.resolve(undefined))
    return why && turnRefusal(why)
  }

  async #untilAnyReady({ lane, patience, route }: Waiter): Promise<Refusal | undefined> {
    const failure = await this.#gateOf(route).run(lane, patience, () =>
      anyReady(route.devices, patienceLeft(patience, this.#options.clock)),
    )
    if (failure === undefined) return undefined
    return typeof failure === 'string' ? turnRefusal(failure) : failureRefusal(failure, undefined)
  }

  #lineOf(device: SigningDevice): Turns {
    return this.#turnsAt(this.#lines, device)
  }

  #gateOf({ owner }: Route): Turns {
    return this.#turnsAt(this.#gates, owner)
  }

  #turnsAt<At>(all: Map<At, Turns>, at: At): Turns {
    const known = all.get(at)
    if (known !== undefined) return known
    const turns = new Turns(this.#options.clock, this.#options.queueCapacity)
    all.set(at, turns)
    if (this.#isClosing) void turns.close()
    return turns
  }
}

function isNotReady(result: object): result is NotReady {
  return 'notReady' in result
}

function isHop(result: object): result is Hop {
  return 'hop' in result
}
