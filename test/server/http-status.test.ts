import { describe, expect, it } from 'vitest'
import { errorResponse, HttpRefusalError, type HttpRefusal } from '../../src/server/http-status.js'
import { ERROR_STATUSES } from './fixture.js'

type Code = HttpRefusal['code']

/** Every code, by the status the design gives it. A new code does not compile until it stands here. */
const EXPECTED: Readonly<Record<Code, number>> = {
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

describe('a refusal', () => {
  it.each(Object.entries(EXPECTED))('%s is answered with %i', (code, status) => {
    const response = errorResponse({ code, message: 'why' } as HttpRefusal)
    expect(response.status).toBe(status)
    expect(ERROR_STATUSES).toContain(response.status)
    expect(JSON.parse(response.body)).toEqual([{ kind: 'temporary', id: 'failure', msg: `${code}: why` }])
  })

  it('stays JSON with any text in it', () => {
    const message = '"quotes"\n\u0000 ] } \ud800'
    const [error] = JSON.parse(errorResponse({ code: 'not-found', message }).body) as [{ msg: string }]
    expect(error.msg).toBe(`not-found: ${message}`)
  })

  it('that is thrown carries its code and words', () => {
    const error = new HttpRefusalError('malformed-body', 'why')
    expect(error).toMatchObject({
      name: 'HttpRefusalError',
      message: 'malformed-body: why',
      refusal: { code: 'malformed-body', message: 'why' },
    })
  })
})
