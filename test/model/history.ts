import type { SimulatedTezio } from '../../hw-sim/index.js'
import type { Position, SignResult } from '../../src/policy/index.js'
import { curveOfHash, decodeSignature, payloadDigest, toHex, verifySignature } from '../../src/tezos/index.js'
import { ALIAS, digestOf, payloadOf, placeName, publicKeyOf, type Asked } from './place.js'

/** Whoever breaks the promise is told here. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise'
}

/** All that ever happened, over all processes, power cuts and boards: what was asked, sent and given out. */
export class History {
  /** By key and digest: a payload does not say whose it is. */
  readonly #askedBy = new Map<string, Asked>()
  readonly #sent = new Map<string, Asked>()
  readonly #released = new Map<string, Asked>()
  /** By place, the signature that was given out last. */
  readonly #signatures = new Map<string, string>()
  /** Places whose signature was given out since `forgetFresh`. */
  readonly #fresh = new Set<string>()
  /** Places of which the board got a SIGN since a signature was given out: there may be a newer one. */
  readonly #signedSince = new Set<string>()
  #lastExchange = 0

  /** What the board got, by place. */
  get sent(): Iterable<Asked> {
    return this.#sent.values()
  }

  /** How many signatures were given out, for different places. */
  get released(): number {
    return this.#released.size
  }

  /** Requests that come in one moment. */
  ask(requests: readonly Asked[]): void {
    for (const asked of requests) this.#askedBy.set(`${asked.place.key} ${digestOf(asked)}`, asked)
  }

  /** What was asked for at this place with this digest. */
  askedAt(place: Position, digest: string): Asked | undefined {
    const asked = this.#askedBy.get(`${place.key} ${digest}`)
    return asked !== undefined && placeName(asked.place) === placeName(place) ? asked : undefined
  }

  /** Reads on in the board's own log: every SIGN in it is of a payload that was asked for, and one for each place. */
  readWire({ log }: SimulatedTezio): void {
    for (const { number, name, command } of log.filter(({ number }) => number > this.#lastExchange)) {
      this.#lastExchange = number
      if (name !== 'SIGN') continue
      const data = command?.data ?? new Uint8Array()
      const asked = this.#askedBy.get(`${keyAt(command?.param1)} ${toHex(payloadDigest(data))}`)
      if (asked === undefined) throw new BrokenPromise(`nobody asked for SIGN ${toHex(data)}`)
      settle(this.#sent, asked, 'the board got')
      this.#signedSince.add(placeName(asked.place))
    }
  }

  /** What a client heard. A signature is right, and the only one for its place but for repeats of the payload. */
  hear(asked: Asked, result: SignResult | 'nothing'): void {
    if (result === 'nothing' || result.outcome !== 'signed') return
    const { signature, repeated } = result
    const before = this.signatureOf(asked)
    if (signature !== before && !isRight(asked, signature)) {
      throw new BrokenPromise(`${describe(asked)}: ${signature} does not verify`)
    }
    const isKnown = before !== undefined && !this.#signedSince.has(placeName(asked.place))
    if (repeated && isKnown && before !== signature) {
      throw new BrokenPromise(`${describe(asked)}: the repeated signature is another one`)
    }
    settle(this.#released, asked, 'a client got the signature of')
    this.#signatures.set(placeName(asked.place), signature)
    this.#signedSince.delete(placeName(asked.place))
    this.#fresh.add(placeName(asked.place))
    const sent = this.#sent.get(placeName(asked.place))
    if (sent?.variant !== asked.variant) throw new BrokenPromise(`${describe(asked)} was never sent`)
  }

  /** What was given out until now is old. */
  forgetFresh(): void {
    this.#fresh.clear()
  }

  /** The signature of this payload, if it was given out lately. */
  freshSignatureOf(asked: Asked): string | undefined {
    return this.#fresh.has(placeName(asked.place)) ? this.signatureOf(asked) : undefined
  }

  /** The signature that was given out for this payload last. */
  signatureOf({ place, variant }: Asked): string | undefined {
    const released = this.#released.get(placeName(place))
    return released?.variant === variant ? this.#signatures.get(placeName(place)) : undefined
  }
}

function keyAt(alias: number | undefined): string {
  return [...ALIAS].find(([, at]) => at === alias)?.[0] ?? 'no key'
}

/** Notes a payload for its place; another one must not be there. */
function settle(entries: Map<string, Asked>, asked: Asked, what: string): void {
  const before = entries.get(placeName(asked.place))
  if (before !== undefined && before.variant !== asked.variant) {
    throw new BrokenPromise(`${what} payload ${before.variant} and ${describe(asked)}`)
  }
  entries.set(placeName(asked.place), asked)
}

/** Whether a signature, as a client gets it, is one over the payload. */
export function isRight(asked: Asked, text: string): boolean {
  const { key } = asked.place
  const curve = curveOfHash(key)
  const signature = curve && decodeSignature(curve, text)
  if (signature === undefined) return false
  return verifySignature(publicKeyOf(key), payloadDigest(payloadOf(asked)), signature)
}

/** A payload in words. */
export function describe({ place, variant }: Asked): string {
  return `payload ${variant} for ${placeName(place)}`
}
