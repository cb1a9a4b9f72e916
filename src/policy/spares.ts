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

/** Another device signs for a key from now on, and why. */
export type SpareEvent = {
  readonly event: 'device.took-over'
  readonly key: PublicKeyHash
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
  readonly #active = new Map<PublicKeyHash, SigningDevice>()

  /** `quietMs`: how long a device must have been without a fault before it is preferred again. */
  constructor(clock: Clock, quietMs: number, onEvent: (event: SpareEvent) => void) {
    this.#clock = clock
    this.#quietMs = quietMs
    this.#onEvent = onEvent
  }

  /**
   * The device to ask, at once where one is ready. Where none is, it waits for the first; with the failure of the
   * preferred one when none came by the deadline. A key's only device is not waited for here.
   */
  async next(
    key: PublicKeyHash,
    devices: readonly SigningDevice[],
    { deadlineAt }: Patience,
  ): Promise<SigningDevice | DeviceFailure> {
    const [only, ...others] = devices
    if (only === undefined) throw new Error(`${key} has no device`)
    if (others.length === 0) return only
    this.#noteAbsent(devices)
    const device = this.#choose(devices) ?? (await firstReady(devices, deadlineAt - this.#clock.now()))
    if ('outcome' in device) return device
    this.#note(key, device)
    return device
  }

  /** A request ended with this refusal after the device was asked. */
  noteAnswer(device: SigningDevice, code: RefusalCode): void {
    if (FAULTS.has(code)) this.#rest(device, code)
  }

  #noteAbsent(devices: readonly SigningDevice[]): void {
    for (const device of devices) if (!device.isReady()) this.#rest(device, 'device-unavailable')
  }

  #rest(device: SigningDevice, reason: string): void {
    this.#rests.set(device, { since: this.#clock.now(), reason })
  }

  #choose(devices: readonly SigningDevice[]): SigningDevice | undefined {
    const quietSince = this.#clock.now() - this.#quietMs
    const restsSince = (device: SigningDevice) => this.#rests.get(device)?.since ?? -Infinity
    const ready = devices.filter((device) => device.isReady())
    return (
      ready.find((device) => restsSince(device) <= quietSince) ??
      ready.reduce<SigningDevice | undefined>(
        (oldest, device) =>
          oldest === undefined || restsSince(device) < restsSince(oldest) ? device : oldest,
        undefined,
      )
    )
  }

  #note(key: PublicKeyHash, device: SigningDevice): void {
    const before = this.#active.get(key)
    this.#active.set(key, device)
    if (before === undefined || before === device) return
    const rest = this.#rests.get(before)
    const isRecent = rest !== undefined && this.#clock.now() - rest.since < this.#quietMs
    const reason = isRecent ? rest.reason : `${device.name} had no fault for ${this.#quietMs / 1000} s`
    this.#onEvent({ event: 'device.took-over', key, device: device.name, instead: before.name, reason })
  }
}

/** The first of several devices to become ready within `ms`; else why the preferred one did not. */
async function firstReady(
  devices: readonly SigningDevice[],
  ms: number,
): Promise<SigningDevice | DeviceFailure> {
  const failures: (DeviceFailure | undefined)[] = []
  const waits = devices.map(async (device, index) => {
    const failure = await device.ready(ms)
    if (failure === undefined) return device
    failures[index] = failure
    throw new Error(failure.message)
  })
  try {
    // A wait that is left behind sends nothing, and ends with `ms`.
    return await Promise.any(waits)
  } catch {
    const told = devices.map(({ name }, index) => `${name}: ${failures[index]?.message ?? ''}`).join('; ')
    const code = failures[0]?.code ?? 'device-unavailable'
    return { outcome: 'failed', code, message: `no device of the key is ready (${told})`, sent: false }
  }
}
