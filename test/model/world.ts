import {
  createSimulatedBinding,
  createSimulatedTezio,
  FaultRack,
  type Exchange,
  type LatencyName,
  type SimulatedBinding,
  type SimulatedTezio,
} from '../../hw-sim/index.js'
import type { LinkBinding } from '../../src/device/index.js'
import type { MarksJournalOptions, SignResult } from '../../src/policy/index.js'
import type { Incident, SimulatedDisk } from '../policy/simulated-disk.js'
import { BridgeProcess } from './bridge-process.js'
import { atSign, type Disturbance, type End } from './disturbance.js'
import { BrokenPromise, History } from './history.js'
import { KEYS, payloadOf, type Asked } from './place.js'
import { StateDirectory } from './state-directory.js'
import { VirtualTime } from './virtual-time.js'

/** Small enough that a segment is rolled every few signatures. */
const SEGMENT_BYTES = 4000

/** How far a level may be above its mark, in levels. */
export const MAX_LEVEL_GAP = 4

/** Enough that no exchange of a run is forgotten. */
const LOG_SIZE = 1_000_000

/** What a client heard; nothing from a process that died. */
export type Heard = SignResult | 'nothing'

export type WorldOptions = {
  readonly journal?: Partial<MarksJournalOptions>
  /** How long the board takes; nothing at all unless told. */
  readonly latency?: LatencyName
  /** What stands between the driver and the simulated port. */
  readonly port?: (binding: LinkBinding, time: VirtualTime) => LinkBinding
}

/** A host with a disk, a board on its port, one process at a time, and a time of their own. */
export class World {
  readonly time = new VirtualTime()
  readonly state: StateDirectory
  readonly board: SimulatedTezio
  readonly plug: SimulatedBinding
  readonly rack: FaultRack
  readonly history = new History()
  readonly #journal: Omit<MarksJournalOptions, 'directory'>
  readonly #binding: LinkBinding
  #process: BridgeProcess | undefined
  /** SIGN commands that the board has read. */
  signs = 0
  /** Of them, those that came while the journal could take no mark. */
  #signsWithoutJournal = 0

  constructor({ journal = {}, latency = 'zero', port = (binding) => binding }: WorldOptions = {}) {
    this.#journal = { segmentBytes: SEGMENT_BYTES, maxLevelGap: MAX_LEVEL_GAP, ...journal }
    this.state = new StateDirectory(this.#journal)
    const policy = { ed25519: { magicBytes: [0x03, 0x11, 0x12, 0x13] } }
    this.board = createSimulatedTezio({ keys: KEYS, policy, latency, clock: this.time, logSize: LOG_SIZE })
    this.board.addBehaviour({
      name: 'watch',
      apply: (actions, { exchange }) => this.#watch(actions, exchange),
    })
    this.plug = createSimulatedBinding(this.board, '/dev/ttyACM0')
    this.#binding = port(this.plug, this.time)
    this.rack = new FaultRack({ device: this.board, port: this.plug })
  }

  get disk(): SimulatedDisk {
    return this.state.disk
  }

  /** The process that runs; `undefined` while there is none. */
  get process(): BridgeProcess | undefined {
    return this.#process
  }

  /** The process that must be running. */
  get running(): BridgeProcess {
    if (this.#process === undefined) throw new Error('no process is running')
    return this.#process
  }

  /** Whether the next requests meet a sound journal and a board that waits for commands. */
  get isCalm(): boolean {
    const { process, board, plug } = this
    const isReady = process?.isSound === true && process.device.health().state === 'ready'
    return isReady && plug.isPlugged && !board.isBusy
  }

  /** Starts a process and waits until it found the board, if there is one. Throws what the journal throws. */
  async start(incident?: Incident): Promise<void> {
    const { time, disk } = this
    const directory = this.state.path
    if (incident !== undefined) disk.plan(incident)
    try {
      this.#process = new BridgeProcess({
        ...{ directory, disk, time, binding: this.#binding, journal: this.#journal },
      })
    } finally {
      disk.restart()
    }
    await this.untilReady()
  }

  /** Lets time pass until the board can be asked; not at all when there is nobody to ask it, or no board. */
  async untilReady(): Promise<void> {
    const { process, time, plug } = this
    for (let waits = 0; waits < 200 && process !== undefined && plug.isPlugged; waits++) {
      if (process.device.health().state === 'ready') return
      await time.pass(50)
    }
    if (process !== undefined && plug.isPlugged)
      throw new Error('the board was plugged in for 10 s, and was not found')
  }

  /** Sends all requests in one moment, perhaps each some ms later, and tells what their clients heard. */
  async ask(
    requests: readonly Asked[],
    disturbance?: Disturbance,
    delaysMs: readonly number[] = [],
  ): Promise<readonly Heard[]> {
    const process = this.running
    this.history.ask(requests)
    const arming = this.#arm(disturbance)
    const send = async (asked: Asked, delayMs: number) => {
      if (delayMs > 0) await new Promise<void>((resolve) => this.time.schedule(delayMs, resolve))
      return process.sign(asked.place.key, payloadOf(asked))
    }
    const heard = await this.time.settle(
      Promise.all(requests.map((asked, index) => send(asked, delaysMs[index] ?? 0))),
    )
    await arming.disarm()
    this.history.readWire(this.board)
    if (this.#signsWithoutJournal > 0)
      throw new BrokenPromise('the board was asked while the journal was not sound')
    for (const [index, asked] of requests.entries()) this.history.hear(asked, heard[index] ?? 'nothing')
    return heard
  }

  /** The process ends as after kill -9, and with a power cut all that was not synced is lost. */
  async end(how: End, board: 'keeps power' | 'loses power' = 'keeps power'): Promise<void> {
    await this.#process?.bury()
    this.#process = undefined
    this.disk.restart()
    if (how === 'power-cut') this.disk.cutPower()
    if (board === 'loses power') this.board.reboot()
  }

  /** The process ends as after SIGTERM. */
  async stop(): Promise<void> {
    await this.#process?.stop()
    this.#process = undefined
  }

  async destroy(): Promise<void> {
    await this.end('kill')
    this.state.destroy()
  }

  #watch<Actions>(actions: Actions, { name }: Exchange): Actions {
    if (name === 'SIGN') this.signs += 1
    if (name === 'SIGN' && this.#process?.isSound === false) this.#signsWithoutJournal += 1
    return actions
  }

  /** Lays a disturbance; `disarm` takes it away and, where it was the death of the process, buries that. */
  #arm(disturbance: Disturbance | undefined): { readonly disarm: () => Promise<void> } {
    if (disturbance === undefined) return { disarm: () => Promise.resolve() }
    if (disturbance.what === 'disk') return this.#armDisk(disturbance)
    if (disturbance.what === 'board') return this.#armBoard(disturbance)
    let signs = 0
    const when = ({ received }: { readonly received: { readonly name: string | undefined } }) =>
      received.name === 'SIGN' && signs++ === disturbance.turn
    const { id } = this.rack.arm(disturbance.fault, disturbance.parameters, { times: 1, when })
    return {
      disarm: () => {
        this.rack.disarm(id)
        return Promise.resolve()
      },
    }
  }

  #armDisk({ incident, end }: Extract<Disturbance, { what: 'disk' }>) {
    this.disk.plan(incident)
    return {
      disarm: async () => {
        this.disk.restart()
        if (!this.running.isAlive) await this.end(end)
      },
    }
  }

  #armBoard({ moment, act, turn }: Extract<Disturbance, { what: 'board' }>) {
    const { board } = this
    const run = () => {
      if (act === 'unplug') this.plug.unplug()
      else if (act === 'reboot') board.reboot()
      else this.running.die()
    }
    const remove = board.addBehaviour(
      atSign(turn, (actions) =>
        moment === 'read'
          ? [{ kind: 'call', afterMs: 0, run }, ...(act === 'reboot' || act === 'unplug' ? [] : actions)]
          : [...actions, { kind: 'call', afterMs: 0, run }],
      ),
    )
    return {
      disarm: async () => {
        remove()
        if (this.running.isAlive) return
        await (act === 'power-cut' ? this.end('power-cut', 'loses power') : this.end('kill'))
      },
    }
  }
}
