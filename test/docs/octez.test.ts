import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { errorResponse, REFUSAL_CODES } from '../../src/server/http-status.js'
import { codeSpans, readDocument, tableRows } from './documents.js'

/** What Octez and Taquito make of a status. Sources: octez `resto/src/client.ml:283-354`, Taquito's remote signer. */
const OCTEZ = (status: number) => (status === 400 ? 'forged an invalid HTTP request' : '`Error: CODE: words`')
const TAQUITO: Readonly<Record<number, string>> = {
  400: 'BadSigningDataError',
  401: 'HttpResponseError',
  403: 'OperationNotAuthorizedError',
  404: 'PublicKeyNotFoundError',
  409: 'HttpResponseError',
  500: 'HttpResponseError',
}

/** Codes that are described ahead of their code; whoever adds the last of them deletes this list. */
const COMING: readonly string[] = [
  ...['malformed-frame', 'read-timeout', 'too-many-connections'],
  ...['transaction-not-allowed', 'spend-limit', 'rate-limit', 'outside-hours'],
].filter((code) => !REFUSAL_CODES.includes(code))

const rows = tableRows(readDocument('docs/octez.md'), 'code').map(
  ([codes = '', status = '', octez = '', taquito = '', remedy = '']) => {
    return {
      codes: codeSpans(codes).filter((code) => !COMING.includes(code)),
      status: Number(status),
      octez,
      taquito,
      remedy,
    }
  },
)
const codes = rows.flatMap((row) => row.codes)

describe('the table of refusals in docs/octez.md', () => {
  test('has every code word once, and no other', () => {
    expect(codes.toSorted()).toEqual([...REFUSAL_CODES].toSorted())
  })

  test.each(rows)('tells what $codes look like', ({ codes: words, status, octez, taquito, remedy }) => {
    for (const code of words) {
      // the test above holds the words to the codes there are
      expect(errorResponse({ code: code as 'no-mark', message: '' }).status, code).toBe(status)
    }
    expect(octez).toContain(OCTEZ(status))
    expect(codeSpans(taquito)).toEqual([TAQUITO[status]])
    expect(remedy.length).toBeGreaterThan(10)
  })

  test('is of errors as the bridge writes them', () => {
    const body = z.array(z.object({ msg: z.string() }))
    const answer = errorResponse({ code: 'no-mark', message: 'why' })
    expect(body.parse(JSON.parse(answer.body))[0]?.msg).toBe('no-mark: why')
  })
})
