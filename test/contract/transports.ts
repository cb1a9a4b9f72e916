import { deserialize } from 'bson'
import { expect } from 'vitest'
import { ByteReader } from '../../src/server/byte-reader.js'
import { countedBytes } from '../../src/server/counted-bytes.js'
import { encodeRootText } from '../../src/server/media/root-bson.js'
import { encodeFrame } from '../../src/server/socket/frame.js'
import type { SocketReply } from '../../src/server/socket/reply.js'
import { encodeRequest, type SocketRequest } from '../../src/server/socket/request.js'
import {
  concatBytes,
  decodePublicKey,
  publicKeyBytes,
  publicKeyHashBytes,
  signatureBytes,
  toHex,
  type PublicKeyHash,
} from '../../src/tezos/index.js'
import { codeOf, SocketClient } from '../server/socket/socket-client.js'

/** What is asked, whoever carries it. `authentication` is base58check text. */
export type Question =
  | {
      readonly kind: 'sign'
      readonly key: PublicKeyHash
      readonly payload: Uint8Array
      readonly authentication?: string
    }
  | { readonly kind: 'public-key' | 'bls-prove-possession'; readonly key: PublicKeyHash }
  | { readonly kind: 'authorized-keys' | 'known-keys' }

/** `answered`, with the value in Octez' binary encoding as hex, or the code word of the refusal. */
export type Outcome = { readonly decision: string; readonly value: string | undefined }

/** Where one daemon listens. */
export type Place = { readonly url: string; readonly unix: string; readonly tcp: string }

/** A way to ask. */
export type Transport = {
  readonly name: string
  readonly ask: (place: Place, question: Question) => Promise<Outcome>
}

const MEDIA = ['application/json', 'application/bson', 'application/octet-stream'] as const
type Media = (typeof MEDIA)[number]

const answered = (value: Uint8Array): Outcome => ({ decision: 'answered', value: toHex(value) })
const refused = (msg: string): Outcome => ({ decision: msg.split(':')[0] ?? '', value: undefined })
const keysValue = (keys: readonly string[]) =>
  concatBytes(...keys.map((key) => publicKeyHashBytes(key as PublicKeyHash)))

function http(media: Media): Transport {
  return {
    name: `HTTP, ${media}`,
    ask: async ({ url }, question) => {
      const headers = { accept: media, 'content-type': media }
      const init =
        question.kind === 'sign'
          ? { method: 'POST', headers, body: new Uint8Array(bodyOf(question.payload, media)) }
          : { headers }
      const response = await fetch(`${url}${pathOf(question)}`, init)
      expect(response.headers.get('content-type')).toBe(media)
      const body = new Uint8Array(await response.arrayBuffer())
      if (response.status !== 200) return refused(errorMessage(body, media))
      return media === 'application/octet-stream'
        ? answered(octetValue(body, question))
        : answered(fieldValue(objectOf(body, media)))
    },
  }
}

function pathOf(question: Question): string {
  switch (question.kind) {
    case 'sign': {
      const { authentication } = question
      const query = authentication === undefined ? '' : `authentication=${authentication}&`
      return `/keys/${question.key}?${query}version=3`
    }
    case 'public-key':
      return `/keys/${question.key}`
    case 'bls-prove-possession':
      return `/bls_prove_possession/${question.key}`
    case 'authorized-keys':
      return '/authorized_keys'
    case 'known-keys':
      return '/known_keys'
  }
}

function bodyOf(payload: Uint8Array, media: Media): Uint8Array {
  if (media === 'application/octet-stream') return countedBytes(countedBytes(payload))
  if (media === 'application/bson') return encodeRootText(toHex(payload))
  return new TextEncoder().encode(`${JSON.stringify(toHex(payload))}\n`)
}

function objectOf(body: Uint8Array, media: Media): Record<string, unknown> {
  return (
    media === 'application/bson' ? deserialize(body) : JSON.parse(new TextDecoder().decode(body))
  ) as Record<string, unknown>
}

function errorMessage(body: Uint8Array, media: Media): string {
  const bytes = media === 'application/octet-stream' ? new ByteReader(body).counted('all') : body
  const document = media === 'application/octet-stream' ? new ByteReader(bytes).counted('BSON') : bytes
  const errors = objectOf(document, media === 'application/json' ? media : 'application/bson')
  expect(Object.keys(errors)).toEqual(['0'])
  expect(errors['0']).toEqual({ kind: 'temporary', id: 'failure', msg: expect.any(String) as string })
  return (errors['0'] as { readonly msg: string }).msg
}

function fieldValue(object: Record<string, unknown>): Uint8Array {
  const { signature, public_key, authorized_keys, known_keys, ...rest } = object
  expect(rest).toEqual({})
  if (typeof signature === 'string') return signatureBytes(signature)!
  if (typeof public_key === 'string') return publicKeyBytes(decodePublicKey(public_key)!)
  return keysValue((authorized_keys ?? known_keys ?? []) as readonly string[])
}

function octetValue(body: Uint8Array, { kind }: Question): Uint8Array {
  const outer = new ByteReader(body)
  const inner = new ByteReader(outer.counted('all'))
  outer.end()
  if (kind === 'authorized-keys')
    return inner.byte('the option') === 0x00 ? new Uint8Array() : inner.counted('keys')
  return kind === 'known-keys' ? inner.counted('keys') : inner.rest()
}

function socket(transport: 'unix' | 'tcp'): Transport {
  return {
    name: transport === 'unix' ? 'a Unix socket' : 'TCP',
    ask: async (place, question) => {
      const client = await SocketClient.open(place[transport])
      await client.write(encodeFrame(encodeRequest(requestOf(question))))
      const reply = await client.reply(question.kind)
      client.socket.destroy()
      return reply.kind === 'error' ? refused(codeOf(reply)) : answered(valueOf(reply))
    },
  }
}

function requestOf(question: Question): SocketRequest {
  switch (question.kind) {
    case 'sign': {
      const { key, payload: data, authentication } = question
      const raw = authentication === undefined ? undefined : signatureBytes(authentication)!
      return { kind: 'sign', key, version: 3, data, authentication: raw }
    }
    case 'bls-prove-possession':
      return { kind: question.kind, key: question.key, override: undefined }
    case 'public-key':
      return { kind: question.kind, key: question.key }
    default:
      return { kind: question.kind }
  }
}

function valueOf(reply: Exclude<SocketReply, { readonly kind: 'error' }>): Uint8Array {
  switch (reply.kind) {
    case 'sign':
      return reply.signature
    case 'public-key':
      return publicKeyBytes(reply.publicKey)
    case 'authorized-keys':
    case 'known-keys':
      return keysValue(reply.keys ?? [])
    default:
      throw new Error(`${reply.kind} was not asked`)
  }
}

/** Every way there is to ask. */
export const ALL_TRANSPORTS: readonly Transport[] = [...MEDIA.map(http), socket('unix'), socket('tcp')]
