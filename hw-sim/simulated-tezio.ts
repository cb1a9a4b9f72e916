import { answerPacket } from './answer-packet.js'
import type { Behaviour, WireAction } from './behaviour.js'
import { systemClock, type Clock } from './clock.js'
import type { DeviceKeys } from './device-keys.js'
import { ethPolicyFor, type EthPolicy } from './eth-policy.js'
import { ExchangeLog, type Counters, type Exchange } from './exchange-log.js'
import type { Board } from './firmware/outcome.js'
import { PacketReader, type ReadPacket } from './firmware/packet-reader.js'
import { PolicyTables, type PolicyOptions } from './firmware/policy-tables.js'
import type { SecureElementFailure } from './firmware/secure-element.js'
import { Watermarks, type DeviceMark } from './firmware/watermarks.js'
import { latencyBehaviour, type LatencyModel, type LatencyName } from './latency.js'
import { Listeners } from './listeners.js'
import { PROFILES, type Profile, type ProfileName } from './profile.js'
import { systemRandom, type RandomBytes } from './random-bytes.js'
import type { Direction, Wire } from './wire.js'
import { WireSchedule } from './wire-schedule.js'

/** What a simulated device is made of; all but the keys has a default. */
export type SimulatedTezioOptions = {
  readonly keys: DeviceKeys
  /** Default `stock`. */
  readonly profile?: ProfileName
  /** Default `zero`: answers within the call that delivers the command. */
  readonly latency?: LatencyName | LatencyModel
  /** Default: the sketch's. */
  readonly policy?: PolicyOptions
  /** What the secp256k1 key may sign for Ethereum; with profile `eth` alone. Default: nothing is provisioned. */
  readonly ethPolicy?: EthPolicy
  readonly clock?: Clock
  readonly random?: RandomBytes
  /** How many exchanges `log` keeps. Default 1000. */
  readonly logSize?: number
}

/**
 * A Tezio HSM in software: bytes in, replies out, by the firmware's rules (docs/protocol.md). It never throws on
 * bytes. It is strictly half duplex: what arrives while it is busy waits. It opens nothing and protects nothing.
 */
export class SimulatedTezio {
  readonly profile: Profile
  readonly clock: Clock
  /** Where nonces come from. */
  readonly random: RandomBytes
  readonly #policy: PolicyTables
  readonly #ethPolicy: EthPolicy | undefined
  readonly #log: ExchangeLog
  readonly #reader = new PacketReader()
  readonly #schedule: WireSchedule
  readonly #behaviours: Behaviour[]
  readonly #onBytes = new Listeners<[direction: Direction, bytes: Uint8Array]>()
  readonly #onExchange = new Listeners<[exchange: Exchange, micros: number]>()
  readonly #counts = { exchanges: 0, refusals: 0, signatures: 0, bytesIn: 0, bytesOut: 0, boots: 1 }
  #keys: DeviceKeys
  #marks = new Watermarks()
  #wire: Wire | undefined
  #failure: SecureElementFailure | undefined
  #cancelWait: (() => void) | undefined
  #isPumping = false

  /** Throws a RangeError for a policy that has no entry in the device, or that its profile has no use for. */
  constructor(options: SimulatedTezioOptions) {
    this.#keys = options.keys
    this.profile = PROFILES[options.profile ?? 'stock']
    this.clock = options.clock ?? systemClock
    this.random = options.random ?? systemRandom
    this.#policy = new PolicyTables(options.policy)
    this.#ethPolicy = ethPolicyFor(this.profile, options.ethPolicy)
    this.#log = new ExchangeLog(options.logSize ?? 1000)
    this.#behaviours = [latencyBehaviour(options.latency ?? 'zero')]
    this.#schedule = new WireSchedule(this.clock)
  }

  /** Bytes from the host, in any pieces. With latency `zero` a whole command is answered within this call. */
  receive(bytes: Uint8Array): void {
    this.#counts.bytesIn += bytes.length
    this.#onBytes.call('in', bytes.slice())
    this.#reader.push(bytes)
    this.#pump()
  }

  /**
   * Puts the cable in: replies go to `wire` until the returned function is called. Without a cable they are lost.
   * Throws when another cable is in.
   */
  connect(wire: Wire): () => void {
    if (this.#wire !== undefined) throw new Error('the simulated device is connected already')
    this.#wire = wire
    return () => {
      if (this.#wire === wire) this.#wire = undefined
    }
  }

  /** Sends bytes that nobody asked for: noise, a line of text. Works while the device is busy. */
  transmit(bytes: Uint8Array): void {
    if (this.#wire === undefined) return
    this.#counts.bytesOut += bytes.length
    this.#onBytes.call('out', bytes.slice())
    this.#wire.send(bytes)
  }

  /** A power cycle: marks, queued bytes and a reply under way are lost. Keys, policy, behaviours and log stay. */
  reboot(): void {
    this.#schedule.cancel()
    this.#cancelWait?.()
    this.#reader.clear()
    this.#marks = new Watermarks()
    this.#counts.boots += 1
  }

  /** The keys it holds. */
  get keys(): DeviceKeys {
    return this.#keys
  }

  /** Puts another board in its place, with these keys, and starts it. Policy, behaviours and log stay. */
  swapKeys(keys: DeviceKeys): void {
    this.#keys = keys
    this.reboot()
  }

  /** Does at once what the present command would still cause later: a device that hangs goes on. */
  hurry(): void {
    this.#schedule.hurry()
  }

  /** Lets the secure element fail from now on, or work again. A reboot does not mend it. */
  breakSecureElement(failure: SecureElementFailure | undefined): void {
    this.#failure = failure
  }

  /** Stacks a behaviour above those that are there, and so asked before them; the returned function takes it away. */
  addBehaviour(behaviour: Behaviour): () => void {
    this.#behaviours.push(behaviour)
    return () => {
      const at = this.#behaviours.indexOf(behaviour)
      if (at !== -1) this.#behaviours.splice(at, 1)
    }
  }

  /** The marks raised since the last start, by alias and magic byte. */
  marks(): readonly DeviceMark[] {
    return this.#marks.list()
  }

  /** The last exchanges, oldest first. */
  get log(): readonly Exchange[] {
    return this.#log.list()
  }

  /** What happened since the device was made, restarts included. */
  get counters(): Counters {
    return {
      ...this.#counts,
      noiseBytes: this.#reader.noiseBytes,
      droppedBytes: this.#reader.droppedBytes,
    }
  }

  /** Whether the device is working on a command, and would let others wait. */
  get isBusy(): boolean {
    return this.#schedule.isBusy
  }

  /** Hears all bytes on the cable, as they come and go. The returned function ends it. */
  onBytes(listener: (direction: Direction, bytes: Uint8Array) => void): () => void {
    return this.#onBytes.add(listener)
  }

  /** Hears each exchange once all it caused has happened, with the microseconds that took. */
  onExchange(listener: (exchange: Exchange, micros: number) => void): () => void {
    return this.#onExchange.add(listener)
  }

  #pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    this.#cancelWait?.()
    try {
      while (!this.#schedule.isBusy && this.#readNext());
    } finally {
      this.#isPumping = false
    }
  }

  #readNext(): boolean {
    const nowMs = this.clock.now()
    const step = this.#reader.next(nowMs)
    if (step.kind === 'packet') this.#answer(step.packet, nowMs)
    if (step.kind === 'waiting') {
      this.#cancelWait = this.clock.schedule(Math.max(1, step.untilMs - nowMs), () => {
        this.#pump()
      })
    }
    return step.kind === 'packet'
  }

  #answer(packet: ReadPacket, atMs: number): void {
    const stack = this.#behaviours.toReversed()
    const exchange = this.#exchange(packet, atMs, stack)
    const whole: WireAction = { kind: 'write', afterMs: 0, bytes: exchange.reply }
    const context = { exchange, clock: this.clock, random: this.random }
    const actions = stack.reduce<readonly WireAction[]>(
      (sofar, behaviour) => behaviour.apply(sofar, context),
      [whole],
    )
    this.#schedule.start(
      actions,
      (action) => {
        this.#perform(action)
      },
      () => {
        this.#onExchange.call(exchange, (this.clock.now() - atMs) * 1000)
        this.#pump()
      },
    )
  }

  #perform(action: WireAction): void {
    if (action.kind === 'write') this.transmit(action.bytes)
    else if (action.kind === 'unplug') this.#wire?.unplug()
    else action.run()
  }

  #exchange(packet: ReadPacket, atMs: number, stack: readonly Behaviour[]): Exchange {
    this.#counts.exchanges += 1
    const place = { number: this.#counts.exchanges, atMs }
    const { exchange, hasSigned } = answerPacket(packet, place, this.#board(), stack)
    if (exchange.outcome.kind === 'refusal') this.#counts.refusals += 1
    if (hasSigned) this.#counts.signatures += 1
    this.#log.push(exchange)
    return exchange
  }

  #board(): Board {
    return {
      ...{ profile: this.profile, keys: this.#keys },
      policy: this.#policy,
      marks: this.#marks,
      random: this.random,
      failure: this.#failure,
      ethPolicy: this.#ethPolicy,
    }
  }
}

/** Makes a device that has just started. */
export function createSimulatedTezio(options: SimulatedTezioOptions): SimulatedTezio {
  return new SimulatedTezio(options)
}
