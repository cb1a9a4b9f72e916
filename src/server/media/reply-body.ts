import {
  assertNever,
  concatBytes,
  decodePublicKey,
  publicKeyBytes,
  signatureBytes,
  type PublicKeyHash,
} from '../../tezos/index.js'
import { countedBytes, countedKeys } from '../counted-bytes.js'
import { octezErrors, type HttpRefusal } from '../http-status.js'
import type { MediaType } from './media-type.js'
import { encodeBson } from './root-bson.js'

/** What the signer's routes answer. Texts are base58check. */
export type Reply =
  | { readonly kind: 'public-key'; readonly publicKey: string }
  | { readonly kind: 'signature'; readonly signature: string }
  | { readonly kind: 'authorized-keys'; readonly keys: readonly PublicKeyHash[] | undefined }
  | { readonly kind: 'known-keys'; readonly keys: readonly PublicKeyHash[] }
  | { readonly kind: 'refusal'; readonly refusal: HttpRefusal }

/** A reply in one of the three encodings. */
export function replyBody(reply: Reply, media: MediaType): Uint8Array<ArrayBuffer> {
  switch (media) {
    case 'application/json':
      return new TextEncoder().encode(JSON.stringify(jsonValue(reply)))
    case 'application/bson':
      return new Uint8Array(encodeBson(jsonValue(reply)))
    case 'application/octet-stream':
      return new Uint8Array(countedBytes(binaryValue(reply)))
    default:
      return assertNever(media)
  }
}

/** Exactly the expected fields: Octez refuses others, and a null. */
function jsonValue(reply: Reply): object {
  switch (reply.kind) {
    case 'public-key':
      return { public_key: reply.publicKey }
    case 'signature':
      return { signature: reply.signature }
    case 'authorized-keys':
      return reply.keys === undefined ? {} : { authorized_keys: reply.keys }
    case 'known-keys':
      return { known_keys: reply.keys }
    case 'refusal':
      return octezErrors(reply.refusal)
    default:
      return assertNever(reply)
  }
}

/** The same in Octez' binary encoding, which the octet-stream puts behind its length. */
function binaryValue(reply: Reply): Uint8Array {
  switch (reply.kind) {
    case 'public-key': {
      const publicKey = decodePublicKey(reply.publicKey)
      return publicKey === undefined ? new Uint8Array() : publicKeyBytes(publicKey)
    }
    case 'signature':
      return signatureBytes(reply.signature) ?? new Uint8Array()
    case 'authorized-keys':
      return reply.keys === undefined
        ? Uint8Array.of(0x00)
        : concatBytes(Uint8Array.of(0xff), countedKeys(reply.keys))
    case 'known-keys':
      return countedKeys(reply.keys)
    case 'refusal':
      // Errors are JSON to Octez, and JSON in binary is BSON.
      return countedBytes(encodeBson(octezErrors(reply.refusal)))
    default:
      return assertNever(reply)
  }
}
