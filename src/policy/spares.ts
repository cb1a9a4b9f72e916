import type { Clock } from '../clock.js'
import type { PublicKeyHash } from '../tezos/index.js'
import type { RefusalCode } from './refusal.js'
import type { DeviceFailure, SigningDevice } from './signing-device.js'
import type { Patience } from './turns.js'

/** Where keys are. */
export type DeviceRoutes = {
  /** The devices that hold a key, the preferred one first; the others are its spares. At least one. */
  readonly of: (key: PublicKeyHash) => readonly SigningDevice[]
  /** Those that verify authentication, the preferred one first. */
  readonly verifying: readonly SigningDevice[]
  /** How long a device must have been without a fault before it is preferred again, in ms. */
  readonly quietMs: number
}

/** The devices that can do what a request asks for. */
export type Route = {
  /** Whose devices they are: a key that signs, or the client that devices prove with their authentication key. */
  readonly owner: string
  /** The preferred one first; at least one. */
  readonly devices: readonly SigningDevice[]
}

/** Another device works for a key from now on, and why. */
export type SpareEvent = {
  readonly event: 'device.took-over'
  /** The key that signs, or the client that devices prove with their authentication key. */
  readonly key: string
  readonly device: string
  readonly instead: string
  readonly reason: string
}

/** After these the device is not to be trusted with the next request; other refusals are answers to a payload. */
const FAULTS: ReadonlySet<RefusalCode> = new Set([
  'device-lost',
  'device-timeout',
  'device-reply-damaged',
  'device-watermark',
  'device-failed',
  'device-refused',
  'wrong-device',
  'signature-lost',
  'signature-invalid',
  'nonce-repeated',
] satisfies RefusalCode[])

type Rest = { readonly since: number; readonly reason: string }

/**
 * Which of a key's devices is asked next: the first in order that is ready and was without a fault for the quiet period.
 * Where all of them had one, the one whose fault is the oldest. It never makes a request wait while a device is ready.
 */
export class Spares {
  readonly #clock: Clock
  readonly #quietMs: number
  readonly #onEvent: (event: SpareEvent) => void
  /** Since when a device rests, and why. */
  readonly #rests = new Map<SigningDevice, Rest>()
  readonly #active = new Map<string, SigningDevice>()

  /** `quietMs`: how long a device must have been without a fault before it is preferred again. */
  constructor(clock: Clock, quietMs: number, onEvent: (event: SpareEvent) => void) {
    this.#clock = clock
    this.#quietMs = quietMs
    this.#onEvent = onEvent
  }

  /** The device to ask now; `undefined` while none is ready but those that are `passedOver`. */
  next(
    { owner, devices }: Route,
    passedOver: ReadonlySet<SigningDevice> = new Set(),
  ): SigningDevice | undefined {
    this.#noteAbsent(devices)
    const device = this.#choose(devices.filter((one) => !passedOver.has(one)))
    if (device !== undefined) this.#note(owner, devices, device)
    return device
  }

  /** Whether who waited for this device is still right there: it is ready, and no other is better since it had a fault. */
  isStillNext({ devices }: Route, device: SigningDevice): boolean {
    if (!device.isReady()) return false
    return !this.#isResting(device) || this.#choose(devices) === device
  }

  /** A request ended with this refusal after bytes went to the device. */
  noteAnswer(device: SigningDevice, code: RefusalCode): void {
    if (FAULTS.has(code)) this.#rest(device, code)
  }

  /** What made a device fail is told, and not that it went away after it. */
  #noteAbsent(devices: readonly SigningDevice[]): void {
    for (const device of devices) {
      if (device.isReady()) continue
      const reason = this.#isResting(device) ? this.#rests.get(device)?.reason : undefined
      this.#rest(device, reason ?? 'device-unavailable')
    }
  }

  #rest(device: SigningDevice, reason: string): void {
    this.#rests.set(device, { since: this.#clock.now(), reason })
  }

  #isResting(device: SigningDevice): boolean {
    return this.#restsSince(device) > this.#clock.now() - this.#quietMs
  }

  #restsSince(device: SigningDevice): number {
    return this.#rests.get(device)?.since ?? -Infinity
  }

  #choose(devices: readonly SigningDevice[]): SigningDevice | undefined {
    const ready = devices.filter((device) => device.isReady())
    const [first] = ready.toSorted((left, right) => this.#restsSince(left) - this.#restsSince(right))
    return ready.find((device) => !this.#isResting(device)) ?? first
  }

  #note(owner: string, [preferred]: readonly SigningDevice[], device: SigningDevice): void {
    const before = this.#active.get(owner) ?? preferred
    this.#active.set(owner, device)
    if (before === undefined || before === device) return
    const fault = this.#isResting(before) ? this.#rests.get(before)?.reason : undefined
    const reason = fault ?? `no fault of ${device.name} was noticed for ${this.#quietMs / 1000} s`
    this.#onEvent({
      event: 'device.took-over',
      key: owner,
      device: device.name,
      instead: before.name,
      reason,
    })
  }
}

/** Waits until the first of several devices is ready, at most `ms`; with the failures of all of them when none is. */
export async function anyReady(
  devices: readonly SigningDevice[],
  ms: number,
): Promise<DeviceFailure | undefined> {
  const failures: (DeviceFailure | undefined)[] = []
  const waits = devices.map(async (device, index) => {
    const failure = await device.ready(ms)
    if (failure === undefined) return
    failures[index] = failure
    throw new Error(failure.message)
  })
  try {
    // A wait that is left behind sends nothing, and ends with `ms`.
    await Promise.any(waits)
    return undefined
  } catch {
    const [first] = failures
    if (first !== undefined && devices.length === 1) return first
    const told = devices.map(({ name }, index) => `${name}: ${failures[index]?.message ?? ''}`).join('; ')
    const code = first?.code ?? 'device-unavailable'
    return { outcome: 'failed', code, message: `no device of the key is ready (${told})`, sent: false }
  }
}

/** How long a request may still wait, in ms. */
export function patienceLeft({ deadlineAt }: Patience, clock: Clock): number {
  return Math.max(0, deadlineAt - clock.now())
}
