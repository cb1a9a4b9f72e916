import type { HttpBindings } from '@hono/node-server'
import { concatBytes, fromHex } from '../tezos/index.js'
import { ByteReader, LayoutError } from './byte-reader.js'
import { HttpRefusalError } from './http-status.js'
import { bodyMediaType, type MediaType } from './media/media-type.js'
import { decodeRootText } from './media/root-bson.js'

/** What is read of a request's context. */
export type Received = {
  readonly env: HttpBindings
  readonly req: { readonly header: (name: string) => string | undefined }
}

/** The most bytes a request's body may have: the longest payload in hex is half of it. */
export const MAX_BODY_BYTES = 4096

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * A request's whole body, announced or chunked, at most `maxBytes`: reading stops at the first byte more.
 * It is read from Node's own stream: the `Request` above it would cost as much again as the rest of HTTP.
 */
export function readBody(c: Received, maxBytes = MAX_BODY_BYTES): Promise<Uint8Array> {
  if (Number(c.req.header('content-length') ?? 0) > maxBytes) return Promise.reject(tooLarge(maxBytes))
  const { incoming } = c.env
  const chunks: Uint8Array[] = []
  let size = 0
  return new Promise((resolve, reject) => {
    const take = (chunk: Uint8Array) => {
      chunks.push(chunk)
      size += chunk.length
      if (size <= maxBytes) return
      incoming.off('data', take).pause()
      reject(tooLarge(maxBytes))
    }
    const cut = () => {
      reject(new HttpRefusalError('malformed-body', 'the body ends before its end')) // the client left, or broke its chunks
    }
    if (incoming.destroyed) cut()
    incoming.on('data', take).on('error', cut)
    incoming.on('close', () => {
      if (!incoming.readableEnded) cut()
    })
    incoming.on('end', () => {
      resolve(concatBytes(...chunks))
    })
  })
}

function tooLarge(maxBytes: number): HttpRefusalError {
  return new HttpRefusalError('body-too-large', `the body is larger than ${maxBytes} bytes`)
}

/** The payload of a sign request in any of the encodings; Octez and Taquito send a JSON string of hex digits. */
export async function readSignBody(c: Received): Promise<Uint8Array> {
  const type = c.req.header('content-type')
  const media = bodyMediaType(type)
  if (media === undefined) {
    throw new HttpRefusalError(
      'content-type-not-supported',
      `content-type ${(type ?? '').slice(0, 60)}: application/json expected (or bson, or octet-stream)`,
    )
  }
  const encoding = c.req.header('content-encoding')?.trim().toLowerCase() ?? 'identity'
  if (encoding !== 'identity') {
    throw new HttpRefusalError(
      'content-type-not-supported',
      `content-encoding ${encoding.slice(0, 40)}: send the body as it is`,
    )
  }
  const payload = DECODERS[media](await readBody(c))
  if (payload === undefined) throw new HttpRefusalError('malformed-body', EXPECTED[media])
  return payload
}

const DECODERS: Readonly<Record<MediaType, (body: Uint8Array) => Uint8Array | undefined>> = {
  'application/json': (body) => fromHexText(jsonValue(body)),
  'application/bson': (body) => fromHexText(decodeRootText(body)),
  'application/octet-stream': fromOctetStream,
}

const EXPECTED: Readonly<Record<MediaType, string>> = {
  'application/json': 'the body is not a JSON string of an even number of hex digits, such as "03ab"',
  'application/bson':
    'the body is not BSON with nothing but a text of an even number of hex digits at its root',
  'application/octet-stream':
    'the body is not two lengths as uint32, of the rest and of the payload, and the payload',
}

function fromHexText(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' && value !== '' ? fromHex(value) : undefined
}

function jsonValue(body: Uint8Array): unknown {
  try {
    return JSON.parse(UTF8.decode(body))
  } catch {
    return undefined // not UTF-8, or not JSON
  }
}

function fromOctetStream(body: Uint8Array): Uint8Array | undefined {
  try {
    const outer = new ByteReader(body)
    const inner = new ByteReader(outer.counted('the body'))
    outer.end()
    const payload = inner.counted('the payload')
    inner.end()
    return payload
  } catch (error) {
    if (error instanceof LayoutError) return undefined
    throw error
  }
}
