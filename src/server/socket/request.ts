import {
  assertNever,
  concatBytes,
  hexByte,
  KEY_HASH_BYTES,
  publicKeyHashBytes,
  publicKeyHashFromBytes,
  type PublicKeyHash,
} from '../../tezos/index.js'
import { ByteReader, LayoutError } from '../byte-reader.js'
import { countedBytes } from '../counted-bytes.js'

/** Bytes to be signed for a key. `authentication` is a raw signature of 64 bytes, or of 96 by a BLS key. */
type Signed = {
  readonly key: PublicKeyHash
  readonly data: Uint8Array
  readonly authentication: Uint8Array | undefined
}

/**
 * What a client of the socket protocol asks. `version` is told for tz4 keys alone.
 * Source: octez `signer_messages.ml:310-389`.
 */
export type SocketRequest =
  | ({ readonly kind: 'sign'; readonly version: number | undefined } & Signed)
  | ({ readonly kind: 'deterministic-nonce' | 'deterministic-nonce-hash' } & Signed)
  | { readonly kind: 'public-key' | 'supports-deterministic-nonces'; readonly key: PublicKeyHash }
  | { readonly kind: 'authorized-keys' | 'known-keys' }
  | {
      readonly kind: 'bls-prove-possession'
      readonly key: PublicKeyHash
      /** The BLS key that is proven in place of the one that `key` names. */
      readonly override: Uint8Array | undefined
    }

/** A request, or why the bytes are none: what is wrong, which value, what is expected. */
export type DecodedRequest =
  | { readonly outcome: 'decoded'; readonly request: SocketRequest }
  | {
      readonly outcome: 'malformed'
      readonly code: 'malformed-frame' | 'malformed-key'
      readonly reason: string
    }

/** Every request by its tag byte. */
const KINDS = [
  'sign',
  'public-key',
  'authorized-keys',
  'deterministic-nonce',
  'deterministic-nonce-hash',
  'supports-deterministic-nonces',
  'known-keys',
  'bls-prove-possession',
] as const satisfies readonly SocketRequest['kind'][]

const TZ4_TAG = 0x03
const BLS_KEY_BYTES = 48
/** 64 of Ed25519, secp256k1 and P-256, 96 of BLS. */
const AUTHENTICATION_SIZES: readonly number[] = [64, 96]

class KeyError extends Error {}

/** What a frame's message asks. It never throws. */
export function decodeRequest(message: Uint8Array): DecodedRequest {
  const reader = new ByteReader(message)
  try {
    const request = readRequest(reader)
    reader.end()
    return { outcome: 'decoded', request }
  } catch (error) {
    if (error instanceof KeyError)
      return { outcome: 'malformed', code: 'malformed-key', reason: error.message }
    if (!(error instanceof LayoutError)) throw error
    return { outcome: 'malformed', code: 'malformed-frame', reason: error.message }
  }
}

function readRequest(reader: ByteReader): SocketRequest {
  const tag = reader.byte('the tag of the request')
  const kind = KINDS[tag]
  switch (kind) {
    case 'sign':
      return { kind, ...readSignKey(reader), ...readSigned(reader) }
    case 'deterministic-nonce':
    case 'deterministic-nonce-hash':
      return { kind, key: readKey(reader), ...readSigned(reader) }
    case 'public-key':
    case 'supports-deterministic-nonces':
      return { kind, key: readKey(reader) }
    case 'authorized-keys':
    case 'known-keys':
      return { kind }
    case 'bls-prove-possession':
      return { kind, key: readKey(reader), override: readOverride(reader) }
    case undefined:
      throw new LayoutError(
        `${hexByte(tag)} is the tag of no request: 0x00 to ${hexByte(KINDS.length - 1)} expected`,
      )
    default:
      return assertNever(kind)
  }
}

/** Sign alone gives tz4 keys another form: a tag of their own before the usual one, and a version behind. */
function readSignKey(reader: ByteReader): {
  readonly key: PublicKeyHash
  readonly version: number | undefined
} {
  const tag = reader.byte('the key')
  if (tag !== TZ4_TAG) return { key: keyOf(tag, reader), version: undefined }
  return { key: readKey(reader), version: reader.byte('the version of the signature') }
}

function readKey(reader: ByteReader): PublicKeyHash {
  return keyOf(reader.byte('the key'), reader)
}

function keyOf(tag: number, reader: ByteReader): PublicKeyHash {
  const hash = reader.take(KEY_HASH_BYTES - 1, 'the key')
  const key = publicKeyHashFromBytes(concatBytes(Uint8Array.of(tag), hash))
  if (key !== undefined) return key
  throw new KeyError(`${hexByte(tag)} is the tag of no key here: 0x00 (tz1) to 0x03 (tz4) expected`)
}

function readSigned(reader: ByteReader): Omit<Signed, 'key'> {
  const data = reader.counted('the data to sign')
  const size = reader.remaining
  if (size === 0) return { data, authentication: undefined }
  if (AUTHENTICATION_SIZES.includes(size)) return { data, authentication: reader.rest() }
  throw new LayoutError(
    `${size} bytes follow the data; an authentication signature has ${AUTHENTICATION_SIZES.join(' or ')}`,
  )
}

function readOverride(reader: ByteReader): Uint8Array | undefined {
  const flag = reader.byte('the flag of a BLS key')
  if (flag === 0x00) return undefined
  if (flag === 0xff) return reader.take(BLS_KEY_BYTES, 'the BLS key')
  throw new LayoutError(`${hexByte(flag)} is no flag: 0x00 (no key) or 0xff (a key) expected`)
}

/** The message of a request: what `decodeRequest` reads. */
export function encodeRequest(request: SocketRequest): Uint8Array {
  const tag = Uint8Array.of(KINDS.indexOf(request.kind))
  switch (request.kind) {
    case 'sign':
      return concatBytes(tag, signKeyBytes(request.key, request.version), signedBytes(request))
    case 'deterministic-nonce':
    case 'deterministic-nonce-hash':
      return concatBytes(tag, publicKeyHashBytes(request.key), signedBytes(request))
    case 'public-key':
    case 'supports-deterministic-nonces':
      return concatBytes(tag, publicKeyHashBytes(request.key))
    case 'authorized-keys':
    case 'known-keys':
      return tag
    case 'bls-prove-possession':
      return concatBytes(tag, publicKeyHashBytes(request.key), optionBytes(request.override))
    default:
      return assertNever(request)
  }
}

function signKeyBytes(key: PublicKeyHash, version: number | undefined): Uint8Array {
  const bytes = publicKeyHashBytes(key)
  if (bytes[0] !== TZ4_TAG) return bytes
  // Octez writes the newest version where it was given none.
  return concatBytes(Uint8Array.of(TZ4_TAG), bytes, Uint8Array.of(version ?? 3))
}

function signedBytes({ data, authentication }: Omit<Signed, 'key'>): Uint8Array {
  return concatBytes(countedBytes(data), authentication ?? new Uint8Array())
}

function optionBytes(value: Uint8Array | undefined): Uint8Array {
  return value === undefined ? Uint8Array.of(0x00) : concatBytes(Uint8Array.of(0xff), value)
}
