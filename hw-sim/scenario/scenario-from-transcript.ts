import { stringify } from 'yaml'
import { ManualClock } from '../clock.js'
import { randomKeys } from '../device-keys.js'
import { PROFILE_NAMES } from '../profile.js'
import { createSimulatedTezio, type SimulatedTezio } from '../simulated-tezio.js'
import { fromHex } from '../../src/tezos/index.js'
import { keysOfTranscript, type TranscriptCase, type TranscriptFile } from '../transcript.js'
import { anomaliesOf, type Anomaly } from './anomaly.js'

/** Longer than a packet can take to be given up. */
const PACKET_MS = 1000

/**
 * The YAML of a scenario that plays what went wrong in a recording: every reply that a healthy device, which is asked
 * the same in the same order, would not have given, and every restart. Times are not in a recording, so a late reply
 * is none here; a bad signature or a reply that fits no fault is played byte for byte. Without secret keys in the
 * recording a healthy reply is told by its shape. Throws a TranscriptError for keys that are none.
 */
export function scenarioFromTranscript(file: TranscriptFile): string {
  const healthy = new HealthyDevice(file)
  const steps = file.cases.flatMap((recorded) => healthy.steps(recorded))
  const count = `${steps.length} ${steps.length === 1 ? 'thing' : 'things'} that went wrong`
  const teaches = `A recorded day: ${count} in ${file.cases.length} exchanges with ${file.device}.`
  return stringify({ teaches, steps: steps.map(toStep) }, { lineWidth: 110 })
}

type Struck = Anomaly & { readonly nth: number }

function toStep({ nth, fault, parameters }: Struck) {
  const isBare = Object.keys(parameters).length === 0
  return { on: { nth }, do: fault, ...(isBare ? {} : { with: parameters }) }
}

/** A device that is asked what was recorded, and answers as it should. */
class HealthyDevice {
  readonly #clock = new ManualClock()
  readonly #device: SimulatedTezio
  readonly #knowsKeys: boolean
  #reply: Uint8Array = new Uint8Array()

  constructor(file: TranscriptFile) {
    const keys = keysOfTranscript(file)
    this.#knowsKeys = keys !== undefined
    const profile = PROFILE_NAMES.find((known) => file.device.includes(`profile ${known}`)) ?? 'stock'
    this.#device = createSimulatedTezio({
      keys: keys ?? randomKeys(),
      profile,
      clock: this.#clock,
      logSize: 1,
    })
    this.#device.onExchange((exchange) => {
      this.#reply = exchange.reply
    })
  }

  steps(recorded: TranscriptCase): readonly Struck[] {
    const before = this.#device.counters.exchanges
    const restart = recorded.restart === true && before > 0 ? this.#restart(before) : []
    this.#reply = new Uint8Array()
    this.#device.receive(fromHex(recorded.send) ?? new Uint8Array())
    this.#clock.advance(PACKET_MS)
    const nth = this.#device.counters.exchanges
    if (nth === before) return restart // noise alone: nothing a fault could strike
    const anomalies = anomaliesOf(recorded, this.#reply, this.#knowsKeys)
    return [...restart, ...anomalies.map((anomaly) => ({ ...anomaly, nth }))]
  }

  #restart(nth: number): readonly Struck[] {
    this.#device.reboot()
    return [{ nth, fault: 'reboot', parameters: { when: 'after' } }]
  }
}
