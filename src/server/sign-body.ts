import type { Context } from 'hono'
import { concatBytes, fromHex } from '../tezos/index.js'
import { HttpRefusalError } from './http-status.js'

/** The most bytes a request's body may have: the longest payload in hex is half of it. */
export const MAX_BODY_BYTES = 4096

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * A request's whole body, announced or chunked, at most `MAX_BODY_BYTES`: reading stops at the first byte more.
 * Hono's `bodyLimit` is of no use here: it makes a new `Request` of a chunked one, which Node's own constructor refuses.
 */
export async function readBody(c: Context): Promise<Uint8Array> {
  if (Number(c.req.header('content-length') ?? 0) > MAX_BODY_BYTES) throw tooLarge()
  const body: ReadableStream<Uint8Array> | null = c.req.raw.body
  if (body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of body) {
      chunks.push(chunk)
      size += chunk.length
      if (size > MAX_BODY_BYTES) break
    }
  } catch {
    throw new HttpRefusalError('malformed-body', 'the body ends before its end') // the client left, or broke its chunks
  }
  if (size > MAX_BODY_BYTES) throw tooLarge()
  return concatBytes(...chunks)
}

function tooLarge(): HttpRefusalError {
  return new HttpRefusalError('body-too-large', `the body is larger than ${MAX_BODY_BYTES} bytes`)
}

/** The payload of a sign request: a JSON string of hex digits, as Octez and Taquito send it. */
export async function readSignBody(c: Context): Promise<Uint8Array> {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== undefined && type !== 'application/json') {
    throw new HttpRefusalError(
      'content-type-not-supported',
      `content-type ${type.slice(0, 60)}: application/json expected`,
    )
  }
  const encoding = c.req.header('content-encoding')?.trim().toLowerCase() ?? 'identity'
  if (encoding !== 'identity') {
    throw new HttpRefusalError(
      'content-type-not-supported',
      `content-encoding ${encoding.slice(0, 40)}: send the body as it is`,
    )
  }
  const payload = fromJsonHex(await readBody(c))
  if (payload === undefined) {
    throw new HttpRefusalError(
      'malformed-body',
      'the body is not a JSON string of an even number of hex digits, such as "03ab"',
    )
  }
  return payload
}

function fromJsonHex(body: Uint8Array): Uint8Array | undefined {
  try {
    const value: unknown = JSON.parse(UTF8.decode(body))
    return typeof value === 'string' && value !== '' ? fromHex(value) : undefined
  } catch {
    return undefined // not UTF-8, or not JSON
  }
}
