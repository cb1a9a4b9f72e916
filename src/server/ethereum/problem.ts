import type { Context } from 'hono'
import type { RequestEnv } from '../request-id.js'
import type { JobRefusal } from './jobs.js'

/** The statuses of refusals of the Ethereum routes. */
export type ProblemStatus = 400 | 401 | 403 | 404 | 409 | 413 | 422 | 429 | 500 | 501 | 502 | 503

/** Every code with a status of its own; what is not here is of the device or the bridge, and 503. */
const STATUS: Readonly<Record<string, ProblemStatus>> = {
  'malformed-request': 400,
  'body-too-large': 413,
  'unauthenticated-request': 401,
  'api-key-missing': 401,
  'api-key-invalid': 401,
  'client-not-allowed': 403,
  'typed-data-not-allowed': 403,
  'message-not-allowed': 403,
  'destination-not-allowed': 403,
  'data-not-empty': 403,
  'gas-not-allowed': 403,
  'value-too-high': 403,
  'fee-too-high': 403,
  'spend-limit': 403,
  'clock-went-back': 403,
  'transaction-type-not-allowed': 403,
  'chain-not-allowed': 403,
  'kind-not-allowed': 403,
  'transaction-not-allowed': 403,
  'scope-missing': 403,
  'not-found': 404,
  'not-configured': 404,
  'unknown-claim': 404,
  'unknown-account': 404,
  'claim-exists': 409,
  'nonce-used': 409,
  'replacement-not-allowed': 409,
  'idempotency-key-reused': 409,
  'idempotency-conflict': 409,
  'leaf-mismatch': 422,
  'not-in-distribution': 422,
  'custody-not-configured': 422,
  'rate-limit': 429,
  'internal-error': 500,
  'device-capability-missing': 501,
  'device-bad-signature': 502,
  'signature-invalid': 502,
  'wrong-key': 502,
}

/** The status of a refusal. */
export function problemStatus({ code }: JobRefusal): ProblemStatus {
  return STATUS[code] ?? 503
}

/** A refusal as `application/problem+json` (RFC 9457), with the request's id, which the log has too. */
export function answerProblem(c: Context<RequestEnv>, refusal: JobRefusal): Response {
  const status = problemStatus(refusal)
  const { code, rule, message: detail } = refusal
  const title = code.replaceAll('-', ' ')
  const body = { type: 'about:blank', title, status, detail, code, rule, requestId: c.var.requestId }
  return c.body(JSON.stringify(body), status, { 'content-type': 'application/problem+json' })
}
