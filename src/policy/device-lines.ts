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

/** A device that is away when one begins to wait may be back before the one that is waited for, in ms. */
const LOOK_AGAIN_MS = 100

/** Who waits, for whom, and how long. */
type Waiter = { readonly lane: Lane; readonly patience: Patience; readonly route: Route }

/** Its turn came, and it was not served: why. */
type Hop = { readonly hop: 'device-is-not-next' | 'has-to-wait-elsewhere' }

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
    const result = await this.#serveInTurn({ lane, patience, route }, serve, false)
    return typeof result === 'string' ? turnRefusal(result) : result
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

  /** Goes from line to line until it was served. Who `hasGate` keeps it meanwhile, so that the order stays. */
  async #serveInTurn<Result extends object>(
    waiter: Waiter,
    serve: Serve<Result>,
    hasGate: boolean,
  ): Promise<Result | Refusal | TurnRefusal> {
    const { lane, patience, route } = waiter
    const passedOver = new Set<SigningDevice>()
    let mustWait = false
    for (;;) {
      const device: SigningDevice | undefined = mustWait
        ? undefined
        : (this.#onlyOf(route) ?? this.#spares.next(route, passedOver))
      if (device === undefined) {
        if (!hasGate) {
          return this.#gateOf(route).run(lane, patience, () => this.#serveInTurn(waiter, serve, true))
        }
        const unready = await this.#untilAnyReady(waiter)
        if (unready !== undefined) return unready
        mustWait = false
        passedOver.clear()
        continue
      }
      const result: Result | NotReady | Hop | TurnRefusal = await this.#lineOf(device).run(
        lane,
        patience,
        () => this.#serveAt(device, waiter, serve, hasGate),
      )
      if (typeof result === 'string') return result
      if (isHop(result)) mustWait = result.hop === 'has-to-wait-elsewhere'
      else if (!isNotReady(result)) return result
      else if (route.devices.length === 1) return refuse(result.notReady.code, result.notReady.message)
      else passedOver.add(device) // it is asked again only when it said itself that it is ready
    }
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
    hasGate: boolean,
  ): Promise<Result | NotReady | Hop | TurnRefusal> {
    if (route.devices.length === 1) {
      if (this.#shared.has(device) && !device.isReady()) return { hop: 'has-to-wait-elsewhere' }
      return serve(device, patienceLeft(patience, this.#options.clock))
    }
    if (!this.#spares.isStillNext(route, device)) return { hop: 'device-is-not-next' }
    if (hasGate) return serve(device, 0)
    const gate = this.#gateOf(route)
    if (gate.isTaken) return { hop: 'has-to-wait-elsewhere' }
    return gate.run(lane, patience, () => serve(device, 0))
  }

  async #untilAnyReady({ patience, route }: Waiter): Promise<Refusal | TurnRefusal | undefined> {
    const { clock } = this.#options
    for (;;) {
      // one that contradicts itself must not keep everybody else from being served
      await setImmediate()
      const gone = this.#gateOf(route).refusalOf(patience)
      if (gone !== undefined) return gone
      const startedAt = clock.now()
      const waitMs = Math.min(LOOK_AGAIN_MS, patienceLeft(patience, clock))
      const failure = await anyReady(route.devices, waitMs)
      if (failure === undefined || route.devices.some((one) => one.isReady())) return undefined
      // those that are away say so at once: where all did, there is nothing to wait for
      if (clock.now() - startedAt < waitMs) return failureRefusal(failure, undefined)
    }
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
