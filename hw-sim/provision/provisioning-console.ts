import { systemClock, type Clock } from '../clock.js'
import type { DeviceKeys } from '../device-keys.js'
import { systemRandom, type RandomBytes } from '../random-bytes.js'
import type { Wire } from '../wire.js'
import { dialogue, type MnemonicSource, type Step, type Zones } from './dialogue.js'
import { LineReader } from './line-reader.js'

/** What a provisioning console is made of. */
export type ProvisioningOptions = {
  /**
   * Called with the keys the device now holds, a second after the last line of a dialogue that came to its end: the
   * sketch pauses as long, and whoever pulls the plug then leaves time to read the addresses.
   */
  readonly onKeys: (keys: DeviceKeys) => void
  /** The entropy of the words and the authentication key. */
  readonly random?: RandomBytes
  /** Default: the dialogue asks. */
  readonly mnemonic?: MnemonicSource
  /** `true`: the secure element was provisioned before, and its zones are locked. Default `false`. */
  readonly provisioned?: boolean
  readonly clock?: Clock
  /** How often the opening lines are repeated until something is typed. Default 3000. */
  readonly repeatMs?: number
}

/** Where a dialogue stands: `halted` and `done` are for good, until the next restart. */
export type ProvisioningState = 'off' | 'talking' | 'halted' | 'done'

const REPEAT_MS = 3000
const LAST_PAUSE_MS = 1000

/**
 * A board that runs the provisioning sketch: lines with CRLF instead of frames, on the same cable as a
 * `SimulatedTezio`. It begins to talk when the cable is put in; until something is typed it repeats its opening lines,
 * because a terminal does not tell when it is opened (a board waits for that). It never throws on bytes.
 */
export class ProvisioningConsole {
  readonly #options: ProvisioningOptions
  readonly #clock: Clock
  readonly #zones: Zones
  readonly #reader: LineReader
  #wire: Wire | undefined
  #cancelTimer: (() => void) | undefined
  /** Goes up with every start: a dialogue that sees another number is over. */
  #run = 0
  #state: ProvisioningState = 'off'

  constructor(options: ProvisioningOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    const zone = options.provisioned === true ? 'locked' : 'open'
    this.#zones = { configuration: zone, data: zone }
    this.#reader = new LineReader(this.#clock)
  }

  /** Where the dialogue stands. */
  get state(): ProvisioningState {
    return this.#state
  }

  /** Puts the cable in and starts the dialogue. Throws when another cable is in. */
  connect(wire: Wire): () => void {
    if (this.#wire !== undefined) throw new Error('the provisioning console is connected already')
    this.#wire = wire
    this.#start()
    return () => {
      if (this.#wire !== wire) return
      this.#wire = undefined
      this.#stop()
    }
  }

  /** Bytes from the host, in any pieces. What comes before a question is read as its answer, up to 256 bytes. */
  receive(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#state !== 'talking') return
    this.#cancelTimer?.()
    this.#reader.push(bytes)
  }

  /** A power cycle: the dialogue begins again when a cable is in. Zones that were locked stay so. */
  reboot(): void {
    this.#stop()
    if (this.#wire !== undefined) this.#start()
  }

  #start(): void {
    this.#run += 1
    this.#state = 'talking'
    const { mnemonic = { kind: 'asked' }, random = systemRandom } = this.#options
    const steps = dialogue({ mnemonic, zones: this.#zones, random })
    const opening: string[] = []
    this.#advance(this.#run, steps, '', (lines) => opening.push(...lines))
    this.#repeat(opening)
  }

  #stop(): void {
    this.#run += 1
    this.#state = 'off'
    this.#cancelTimer?.()
    this.#reader.clear()
  }

  #repeat(opening: readonly string[]): void {
    this.#cancelTimer = this.#clock.schedule(this.#options.repeatMs ?? REPEAT_MS, () => {
      this.#print(opening)
      this.#repeat(opening)
    })
  }

  /** Runs the dialogue to its next question. */
  #advance(
    run: number,
    steps: Generator<Step, DeviceKeys | undefined, string>,
    answer: string,
    onPrint: (lines: readonly string[]) => void = () => undefined,
  ): void {
    for (let turn = steps.next(answer); run === this.#run; turn = steps.next('')) {
      if (turn.done === true) {
        this.#end(turn.value)
        return
      }
      if (turn.value.kind === 'read') {
        this.#reader.read(turn.value.room, (text) => {
          this.#advance(run, steps, text)
        })
        return
      }
      onPrint(turn.value.lines)
      this.#print(turn.value.lines)
    }
  }

  #end(keys: DeviceKeys | undefined): void {
    this.#cancelTimer?.()
    this.#state = keys === undefined ? 'halted' : 'done'
    if (keys === undefined) return
    this.#cancelTimer = this.#clock.schedule(LAST_PAUSE_MS, () => {
      this.#options.onKeys(keys)
    })
  }

  #print(lines: readonly string[]): void {
    this.#wire?.send(new TextEncoder().encode(lines.map((line) => `${line}\r\n`).join('')))
  }
}

/** Makes a console that starts to talk when it is connected. */
export function createProvisioningConsole(options: ProvisioningOptions): ProvisioningConsole {
  return new ProvisioningConsole(options)
}
