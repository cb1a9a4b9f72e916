import type { SigningDevice } from '../../../src/policy/index.js'
import type { PublicKey, PublicKeyHash } from '../../../src/tezos/index.js'

/** One device that is plugged in and was ready once, and what a test can do to it. */
export type Bench = {
  readonly signer: SigningDevice
  readonly keys: ReadonlyMap<PublicKeyHash, PublicKey>
  /** The most bytes of a payload that it signs; `undefined`: it knows no limit. */
  readonly maxPayloadBytes: number | undefined
  /** How many signatures were asked of it over whatever leads to it; `undefined` where nobody counts them. */
  readonly signaturesAsked: (() => number) | undefined
  /** What hands can do; `undefined` where they would have to be a person's. */
  readonly hands: Hands | undefined
  /** Ends the driver. */
  readonly close: () => Promise<void>
}

export type Hands = {
  /** The next signature does not come back, and the device goes away instead. */
  readonly goAwayInTheMiddle: (signing: () => Promise<unknown>) => Promise<unknown>
  /** The device is away; resolves when the driver knows. */
  readonly goAway: () => Promise<void>
  /** It is there again; resolves when the driver had it ready. */
  readonly comeBack: () => Promise<void>
  /** The next signature is never answered, for as long as the driver waits. */
  readonly hang: () => void
}

/** A kind of device, and why it cannot be here; empty when it can. */
export type BenchKind = {
  readonly name: string
  readonly whyNot: string
  readonly open: () => Promise<Bench>
}

/** What benches leave behind, removed after each test in reverse order. */
export const leftovers: (() => unknown)[] = []

export async function removeLeftovers(): Promise<void> {
  for (const remove of leftovers.splice(0).reverse()) await remove()
}
