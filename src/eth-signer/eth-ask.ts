import type { Patience } from '../policy/index.js'

/** Who waits for an answer, and how long. `deadlineAt` is an instant of the clock, in ms. */
export type EthAsk = Patience & {
  /** For the audit log. */
  readonly requestId: string
}

/** What is decided of a request, in one word. */
export type EthJob = 'claim' | 'transfer' | 'message' | 'typed-data'

/** One line of the audit log for each decision: no payload, no secret, and no signature is in it. */
export type EthEvent =
  | {
      readonly event: 'eth.signed'
      readonly requestId: string
      readonly kind: EthJob
      /** The first 8 digits of what was signed. */
      readonly digest: string
      /** Whether the answer was there already, and the device was not asked. */
      readonly repeated: boolean
      readonly ms: number
    }
  | {
      readonly event: 'eth.refused'
      readonly requestId: string
      readonly kind: EthJob
      /** Left out where the request did not come so far. */
      readonly digest?: string
      readonly code: string
      readonly rule?: string
      readonly reason: string
      readonly ms: number
    }
