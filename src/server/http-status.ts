import type { RefusalCode } from '../policy/index.js'

/** Refusals that only a listener can bring about, beside the policy's. `malformed-frame`, `read-timeout` and
 * `too-many-connections` are of the socket protocol, which shows the code and no status. */
export type HttpRefusalCode =
  | 'malformed-key'
  | 'malformed-query'
  | 'malformed-body'
  | 'body-too-large'
  | 'content-type-not-supported'
  | 'malformed-frame'
  | 'read-timeout'
  | 'too-many-connections'
  | 'peer-not-allowed'
  | 'host-not-allowed'
  | 'origin-not-allowed'
  | 'known-keys-not-allowed'
  | 'not-found'
  | 'not-supported'
  | 'internal-error'

/** The only statuses that are used: Octez retries or misreads the others (docs/decisions/0005-http-statuses.md). */
export type ErrorStatus = 400 | 401 | 403 | 404 | 409 | 500

/** A refusal on its way out. */
export type HttpRefusal = { readonly code: RefusalCode | HttpRefusalCode; readonly message: string }

/** Every refusal's HTTP status, chosen here and nowhere else. */
const STATUS: Readonly<Record<RefusalCode | HttpRefusalCode, ErrorStatus>> = {
  'malformed-payload': 400,
  'payload-too-long': 400,
  'malformed-key': 400,
  'malformed-query': 400,
  'malformed-body': 400,
  'body-too-large': 400,
  'content-type-not-supported': 400,
  'malformed-frame': 400,
  'read-timeout': 400,
  'authentication-missing': 401,
  'authentication-invalid': 401,
  'client-not-allowed': 403,
  'magic-byte-not-allowed': 403,
  'operation-not-allowed': 403,
  'chain-not-allowed': 403,
  'transaction-not-allowed': 403,
  'spend-limit': 403,
  'rate-limit': 403,
  'outside-hours': 403,
  'peer-not-allowed': 403,
  'host-not-allowed': 403,
  'origin-not-allowed': 403,
  'known-keys-not-allowed': 403,
  'hook-refused': 403,
  'hook-unavailable': 403,
  'unknown-key': 404,
  'not-found': 404,
  'not-supported': 404,
  'no-mark': 409,
  'below-mark': 409,
  'conflicts-with-mark': 409,
  'level-gap': 409,
  'signature-lost': 409,
  'signature-invalid': 500,
  'nonce-repeated': 500,
  'head-unknown': 500,
  'queue-full': 500,
  'deadline-passed': 500,
  'client-gone': 500,
  'shutting-down': 500,
  'too-many-connections': 500,
  'device-unavailable': 500,
  'device-busy': 500,
  'device-lost': 500,
  'device-timeout': 500,
  'device-reply-damaged': 500,
  'device-watermark': 500,
  'device-policy': 500,
  'device-failed': 500,
  'device-refused': 500,
  'wrong-device': 500,
  'state-missing': 500,
  'state-exists': 500,
  'state-exported': 500,
  'state-locked': 500,
  'journal-damaged': 500,
  'journal-replaced': 500,
  'state-write-failed': 500,
  'state-unreadable': 500,
  'marks-unavailable': 500,
  'marks-went-back': 500,
  'marks-schema': 500,
  'internal-error': 500,
}

/** Every code that a refusal can have. */
export const REFUSAL_CODES: readonly string[] = Object.keys(STATUS)

/** An error object as Octez reads it and shows it: nothing but its `msg`. */
export type OctezError = { readonly kind: 'temporary'; readonly id: 'failure'; readonly msg: string }

/** What a client is told of a refusal, on every transport: an array of one error, the code word first. */
export function octezErrors({ code, message }: HttpRefusal): readonly [OctezError] {
  return [{ kind: 'temporary', id: 'failure', msg: `${code}: ${message}` }]
}

/** The status of a refusal. */
export function statusOf({ code }: HttpRefusal): ErrorStatus {
  return STATUS[code]
}

/** The status of a refusal, and its body as JSON. */
export function errorResponse(refusal: HttpRefusal): {
  readonly status: ErrorStatus
  readonly body: string
} {
  return { status: statusOf(refusal), body: JSON.stringify(octezErrors(refusal)) }
}

/** Thrown by whatever reads a request; the error funnel turns it into its response. */
export class HttpRefusalError extends Error {
  readonly refusal: HttpRefusal

  constructor(code: HttpRefusalCode, message: string) {
    super(`${code}: ${message}`)
    this.name = 'HttpRefusalError'
    this.refusal = { code, message }
  }
}
