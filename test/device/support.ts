import { readFileSync } from 'node:fs'
import { keysFromSecrets, ManualClock, type DeviceKeys } from '../../hw-sim/index.js'
import type { Clock } from '../../src/clock.js'
import type { DeviceEvent } from '../../src/device/index.js'
import { fromHex } from '../../src/tezos/index.js'

export type Transcript = {
  readonly name: string
  readonly send: string
  readonly reply: string | null
  readonly body: string | null
  readonly match: string
}

type TranscriptFile = { readonly keys: Record<string, string>; readonly cases: readonly Transcript[] }

const file = JSON.parse(
  readFileSync(new URL('../vectors/tezio-transcripts.json', import.meta.url), 'utf8'),
) as TranscriptFile

export const transcripts = file.cases

/** The keys that the transcripts were recorded with. */
export function transcriptKeys(): DeviceKeys {
  const secret = (name: string) => bytes(file.keys[name] ?? '')
  return keysFromSecrets({
    auth: secret('0 auth p256'),
    ed25519: secret('1 ed25519'),
    secp256k1: secret('2 secp256k1'),
    p256: secret('3 p256'),
  })
}

export function bytes(hex: string): Uint8Array {
  const value = fromHex(hex)
  if (value === undefined) throw new Error(`not hex: ${hex}`)
  return value
}

/** A clock that stands still until it is advanced. */
export class StandingClock implements Clock {
  readonly #clock = new ManualClock()
  readonly now = () => this.#clock.now()
  readonly after = (ms: number, action: () => void) => this.#clock.schedule(ms, action)

  advance(ms: number): void {
    this.#clock.advance(ms)
  }
}

/** Collects events and lets a test wait for the next one of a name. */
export class EventLog {
  readonly events: DeviceEvent[] = []
  readonly #waiting: { readonly name: string; readonly resolve: () => void }[] = []

  readonly sink = (event: DeviceEvent): void => {
    this.events.push(event)
    for (const waiting of this.#waiting.filter(({ name }) => name === event.event)) {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
      waiting.resolve()
    }
  }

  /** Resolves at the next event of this name, not at one that was. */
  next(name: DeviceEvent['event']): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ name, resolve })
    })
  }

  count(name: DeviceEvent['event']): number {
    return this.events.filter(({ event }) => event === name).length
  }
}
