import { deserialize, serialize } from 'bson'
import {
  assertNever,
  concatBytes,
  hexByte,
  KEY_HASH_BYTES,
  publicKeyBytes,
  publicKeyFromBytes,
  publicKeyHashFromBytes,
  type PublicKey,
  type PublicKeyHash,
} from '../../tezos/index.js'
import { ByteReader, LayoutError } from '../byte-reader.js'
import { countedBytes, countedKeys } from '../counted-bytes.js'
import type { OctezError } from '../http-status.js'
import type { SocketRequest } from './request.js'

/** What a request is answered with (octez `signer_messages.ml:310-389`). Signatures and proofs are raw. */
export type SocketValue =
  | { readonly kind: 'sign' | 'bls-prove-possession'; readonly signature: Uint8Array }
  | { readonly kind: 'public-key'; readonly publicKey: PublicKey }
  | { readonly kind: 'authorized-keys'; readonly keys: readonly PublicKeyHash[] | undefined }
  | { readonly kind: 'known-keys'; readonly keys: readonly PublicKeyHash[] }
  | { readonly kind: 'supports-deterministic-nonces'; readonly isSupported: boolean }
  | { readonly kind: 'deterministic-nonce' | 'deterministic-nonce-hash'; readonly nonce: Uint8Array }

/** The value that was asked for, or errors (octez `monad_maker.ml:205-224`). */
export type SocketReply = SocketValue | { readonly kind: 'error'; readonly errors: readonly OctezError[] }

const OK = 0x00
const ERROR = 0x01
const TRUE = 0xff
const FALSE = 0x00
const NO_KEYS = 0x00
const KEYS = 0x01

/** The message of a reply. */
export function encodeReply(reply: SocketReply): Uint8Array {
  if (reply.kind === 'error') {
    const errors = reply.errors.map((error) => countedBytes(serialize(error)))
    return concatBytes(Uint8Array.of(ERROR), countedBytes(concatBytes(...errors)))
  }
  return concatBytes(Uint8Array.of(OK), valueBytes(reply))
}

function valueBytes(value: SocketValue): Uint8Array {
  switch (value.kind) {
    case 'sign':
    case 'bls-prove-possession':
      return value.signature
    case 'public-key':
      return publicKeyBytes(value.publicKey)
    case 'authorized-keys':
      return value.keys === undefined
        ? Uint8Array.of(NO_KEYS)
        : concatBytes(Uint8Array.of(KEYS), countedKeys(value.keys))
    case 'known-keys':
      return countedKeys(value.keys)
    case 'supports-deterministic-nonces':
      return Uint8Array.of(value.isSupported ? TRUE : FALSE)
    case 'deterministic-nonce':
    case 'deterministic-nonce-hash':
      return countedBytes(value.nonce)
    default:
      return assertNever(value)
  }
}

/** The reply to a request of `kind`; `undefined` when the message is none. For clients. */
export function decodeReply(kind: SocketRequest['kind'], message: Uint8Array): SocketReply | undefined {
  const reader = new ByteReader(message)
  try {
    const reply = readReply(kind, reader)
    reader.end()
    return reply
  } catch (error) {
    if (error instanceof LayoutError) return undefined
    throw error
  }
}

function readReply(kind: SocketRequest['kind'], reader: ByteReader): SocketReply {
  const tag = reader.byte('the tag of the reply')
  if (tag === OK) return readValue(kind, reader)
  if (tag !== ERROR) throw new LayoutError(`${hexByte(tag)} is the tag of no reply`)
  const list = new ByteReader(reader.counted('the errors'))
  const errors: OctezError[] = []
  while (list.remaining > 0) errors.push(errorOf(list.counted('an error')))
  return { kind: 'error', errors }
}

function errorOf(document: Uint8Array): OctezError {
  const value = documentOf(document)
  const { kind, id, msg } = value ?? {}
  if (kind !== 'temporary' || id !== 'failure' || typeof msg !== 'string') {
    throw new LayoutError('an error is not one that this signer gives')
  }
  return { kind, id, msg }
}

function documentOf(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    return deserialize(bytes)
  } catch {
    return undefined // not BSON
  }
}

function readValue(kind: SocketRequest['kind'], reader: ByteReader): SocketValue {
  switch (kind) {
    case 'sign':
    case 'bls-prove-possession':
      return { kind, signature: reader.rest() }
    case 'public-key': {
      const publicKey = publicKeyFromBytes(reader.rest())
      if (publicKey === undefined) throw new LayoutError('not a public key of tz1 to tz3')
      return { kind, publicKey }
    }
    case 'authorized-keys': {
      const tag = reader.byte('the tag of the keys')
      if (tag === NO_KEYS) return { kind, keys: undefined }
      if (tag !== KEYS) throw new LayoutError(`${hexByte(tag)} tells of no keys`)
      return { kind, keys: readKeys(reader) }
    }
    case 'known-keys':
      return { kind, keys: readKeys(reader) }
    case 'supports-deterministic-nonces': {
      const flag = reader.byte('the answer')
      if (flag !== TRUE && flag !== FALSE) throw new LayoutError(`${hexByte(flag)} is neither yes nor no`)
      return { kind, isSupported: flag === TRUE }
    }
    case 'deterministic-nonce':
    case 'deterministic-nonce-hash':
      return { kind, nonce: reader.counted('the nonce') }
    default:
      return assertNever(kind)
  }
}

function readKeys(reader: ByteReader): readonly PublicKeyHash[] {
  const list = new ByteReader(reader.counted('the keys'))
  const keys: PublicKeyHash[] = []
  while (list.remaining > 0) {
    const key = publicKeyHashFromBytes(list.take(KEY_HASH_BYTES, 'a key'))
    if (key === undefined) throw new LayoutError('not a key hash')
    keys.push(key)
  }
  return keys
}
