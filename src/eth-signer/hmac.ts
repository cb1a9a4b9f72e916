import { createHmac, timingSafeEqual } from 'node:crypto'
import { refuse, type EthRefusal } from './eth-refusal.js'
import { clockRefusal } from './ledger-clock.js'
import type { EthLedger } from './eth-ledger.js'

/** How a request proves that it comes from who knows the key. */
export type HmacScheme = 'hmac-v0-rawbody' | 'hmac-v1'

/** What is signed, as it came in. */
export type SignedRequest = {
  /** The header's value: the HMAC-SHA256 in hex, in either case; `undefined` where it is missing. */
  readonly signature: string | undefined
  /** `hmac-v1`: Unix time in seconds, decimal. */
  readonly timestamp?: string | undefined
  /** `hmac-v1`: 16 to 64 characters of A-Z, a-z, 0-9, _ and -, never used before. */
  readonly nonce?: string | undefined
  /** The raw body, or, of a request without one, its path. */
  readonly content: Uint8Array
}

/** Who may ask for claims. */
export type HmacRules = {
  readonly scheme: HmacScheme
  /** 16 to 64 bytes. */
  readonly key: Uint8Array
  /** How far a request's time may be from this host's. */
  readonly maxSkewMs: number
}

const MIN_KEY = 16
const MAX_KEY = 64
const SIGNATURE = /^[0-9a-fA-F]{64}$/
const TIMESTAMP = /^(?:0|[1-9]\d{0,10})$/
const NONCE = /^[A-Za-z0-9_-]{16,64}$/
const NOBODY = refuse(
  'unauthenticated-request',
  'the request does not prove who sent it; send the HMAC-SHA256 of the raw body, in hex, with the right key',
  'E1',
)

/** Rule E1. It is asked before anything of the request is read. */
export class HmacGate {
  readonly #rules: HmacRules
  readonly #ledger: EthLedger
  readonly #wallClock: () => Date

  /** Throws a RangeError for a key that is too short or too long. */
  constructor(rules: HmacRules, ledger: EthLedger, wallClock: () => Date = () => new Date()) {
    const { length } = rules.key
    if (length < MIN_KEY || length > MAX_KEY) {
      throw new RangeError(`the HMAC key has ${length} bytes; it must have ${MIN_KEY} to ${MAX_KEY}`)
    }
    this.#rules = rules
    this.#ledger = ledger
    this.#wallClock = wallClock
  }

  /** Why the request is not let in; `undefined` where it is. Throws a StateError where the nonce cannot be kept. */
  check(request: SignedRequest): EthRefusal | undefined {
    const { timestamp = '', nonce = '' } = request
    const isV1 = this.#rules.scheme === 'hmac-v1'
    const head = isV1 ? `${timestamp}.${nonce}.` : ''
    const hmac = createHmac('sha256', this.#rules.key).update(head, 'utf8').update(request.content)
    const isOurs = isEqualHex(request.signature ?? '', hmac.digest())
    if (!isOurs || (isV1 && !(TIMESTAMP.test(timestamp) && NONCE.test(nonce)))) return NOBODY
    return isV1 ? this.#refuseOld(Number(timestamp) * 1000, nonce) : undefined
  }

  /** A nonce is kept before the request is let in, and as long as its time is near enough. */
  #refuseOld(sentAt: number, nonce: string): EthRefusal | undefined {
    this.#ledger.check()
    const now = this.#wallClock()
    const refusal = clockRefusal(this.#ledger.newestAt, now, 'E1')
    if (refusal !== undefined) return refusal
    const { maxSkewMs } = this.#rules
    const skewMs = Math.abs(now.getTime() - sentAt)
    if (skewMs > maxSkewMs) {
      const text = `the request is ${Math.round(skewMs / 1000)} s away from this host's time, and at most ${maxSkewMs / 1000} s are taken; set both clocks right`
      return refuse('unauthenticated-request', text, 'E1')
    }
    if (this.#ledger.hasNonce(nonce)) {
      const text = 'the nonce of the request was used before; sign it with a new one'
      return refuse('unauthenticated-request', text, 'E1')
    }
    this.#ledger.keepNonce(nonce, new Date(sentAt + maxSkewMs), now)
    return undefined
  }
}

function isEqualHex(text: string, expected: Uint8Array): boolean {
  const given = SIGNATURE.test(text) ? Buffer.from(text, 'hex') : Buffer.alloc(expected.length)
  return timingSafeEqual(given, expected) && SIGNATURE.test(text)
}
