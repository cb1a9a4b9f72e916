import { ArmedBehaviour, type Trigger } from './armed-behaviour.js'
import { FAULTS, faultNamed } from './catalogue.js'
import { FaultError } from './fault-error.js'
import type { FaultTarget } from './fault-target.js'
import type { Aftermath, Fault } from './fault.js'

/** A fault that is armed, as it is now. */
export type ArmedFault = {
  /** From 1, in the order they were armed. */
  readonly id: number
  readonly name: string
  /** All of them, defaults filled in. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** How many packets it has struck. */
  readonly count: number
}

/** How a fault is armed. */
export type ArmOptions = {
  /** It is disarmed after striking so often, 1 or more. Without it, it stays. */
  readonly times?: number
  /** Which packets it may strike. Default: all. */
  readonly when?: Trigger
}

type Entry = Omit<ArmedFault, 'count'> & {
  readonly fault: Fault
  readonly behaviour: ArmedBehaviour
  readonly remove: () => void
}

/** What the fault `id` left behind. */
type Left = { readonly id: number; readonly putRight: () => void; readonly callOff: (() => void) | undefined }

/** The faults of one device: armed, counted and disarmed here. The newest is asked first. */
export class FaultRack {
  readonly #target: FaultTarget
  readonly #entries = new Map<number, Entry>()
  readonly #totals = new Map(FAULTS.map(({ name }) => [name, 0]))
  readonly #aftermath = new Map<Aftermath, Left>()
  #lastId = 0
  #hasStruck = false

  constructor(target: FaultTarget) {
    this.#target = target
  }

  /**
   * Arms a fault: from now on it strikes every packet that `when` allows. Throws a FaultError, and arms nothing then.
   */
  arm(name: string, parameters?: unknown, { times, when = always }: ArmOptions = {}): ArmedFault {
    const definition = faultNamed(name)
    if (times !== undefined && !(Number.isSafeInteger(times) && times >= 1)) {
      throw new FaultError('bad-parameters', `${name}: times is ${times}, not a whole number from 1`)
    }
    const id = this.#lastId + 1
    const parsed = definition.parse(parameters)
    const fault = definition.make(parsed, this.#rig(id))
    const behaviour = new ArmedBehaviour(name, fault, when, () => {
      this.#hasStruck = true
      this.#totals.set(name, (this.#totals.get(name) ?? 0) + 1)
      if (behaviour.count === times) this.#takeOff(id)
    })
    const remove = this.#target.device.addBehaviour(behaviour)
    const entry = { id, name, parameters: parsed, fault, behaviour, remove }
    this.#lastId = id
    this.#entries.set(id, entry)
    return armed(entry)
  }

  /**
   * Lets an armed fault act now, without a command; true when it did, false when it is not armed or cannot: only
   * `noise`, `reboot`, `unplug`, `replug` and `zero-read-storm` can.
   */
  strikeNow(id: number): boolean {
    const entry = this.#entries.get(id)
    if (entry?.fault.actAlone === undefined) return false
    entry.behaviour.strike()
    entry.fault.actAlone()
    return true
  }

  /**
   * Disarms one and puts right what it left behind: a device that hangs goes on, a plug that is out is put back.
   * What it has done to a command under way still happens. False when no such fault is armed. Throws what the port throws when it cannot be plugged in.
   */
  disarm(id: number): boolean {
    const wasArmed = this.#takeOff(id)
    for (const [kind, { id: owner }] of [...this.#aftermath]) if (owner === id) this.#putRight(kind)
    return wasArmed
  }

  /**
   * Disarms all. What they still hold back happens at once, and what they left behind is put right, as `disarm` does,
   * also by those that had struck often enough. Throws as `disarm` does.
   */
  disarmAll(): void {
    for (const id of [...this.#entries.keys()]) this.#takeOff(id)
    if (this.#hasStruck) this.#target.device.hurry()
    this.#hasStruck = false
    for (const kind of [...this.#aftermath.keys()]) this.#putRight(kind)
  }

  /** What is armed, newest first. */
  list(): readonly ArmedFault[] {
    return [...this.#entries.values()].map(armed).reverse()
  }

  /** How many packets every fault has struck since the rack was made, by its name; 0 for those never armed. */
  counters(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#totals)
  }

  #rig(id: number) {
    return {
      ...this.#target,
      leave: (kind: Aftermath, putRight: () => void, callOff?: () => void) => {
        this.#aftermath.get(kind)?.callOff?.()
        this.#aftermath.set(kind, { id, putRight, callOff })
      },
      settle: (kind: Aftermath) => {
        this.#aftermath.delete(kind)
      },
    }
  }

  #putRight(kind: Aftermath): void {
    const aftermath = this.#aftermath.get(kind)
    this.#aftermath.delete(kind)
    aftermath?.putRight()
  }

  #takeOff(id: number): boolean {
    const entry = this.#entries.get(id)
    this.#entries.delete(id)
    entry?.remove()
    return entry !== undefined
  }
}

const always: Trigger = () => true

function armed({ id, name, parameters, behaviour }: Entry): ArmedFault {
  return { id, name, parameters, count: behaviour.count }
}
