import {
  concatBytes,
  decodeSignature,
  payloadDigest,
  publicKeyHashBytes,
  verifySignature,
  type PublicKey,
  type PublicKeyHash,
} from '../tezos/index.js'
import { refuse, type Refusal } from './refusal.js'

const PREFIX = Uint8Array.of(0x04, 0x01)

/**
 * Whether a request is signed by the authentication key; `undefined` when it is.
 * The signed bytes are `04 01`, the key hash with its tag, and the payload (octez `signer_messages.ml:101-108`).
 */
export function checkAuthentication(
  authenticationKey: PublicKey,
  target: PublicKeyHash,
  payload: Uint8Array,
  authentication: string | undefined,
): Refusal | undefined {
  if (authentication === undefined) {
    return refuse(
      'authentication-missing',
      'missing authentication signature: sign the request with the authentication key',
    )
  }
  const signature = decodeSignature(authenticationKey.curve, authentication)
  if (signature === undefined) {
    return refuse(
      'authentication-invalid',
      "invalid authentication signature: it is not one of the authentication key's curve",
    )
  }
  const message = concatBytes(PREFIX, publicKeyHashBytes(target), payload)
  return verifySignature(authenticationKey, payloadDigest(message), signature)
    ? undefined
    : refuse(
        'authentication-invalid',
        'invalid authentication signature: not by the authentication key over this key and payload',
      )
}
