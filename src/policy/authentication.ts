import {
  concatBytes,
  decodeSignature,
  publicKeyHashBytes,
  type AuthenticationVerifier,
  type PublicKeyHash,
} from '../tezos/index.js'
import { refuse, type Refusal } from './refusal.js'
import type { SignRequest } from './sign-request.js'

/** A key whose signature proves who asks. */
export type AuthorizedKey = {
  /** What the key proves: a configured client's name, or the key's own address. */
  readonly client: string
  /** Judges its signatures; `undefined` while the key has to be read from a device that was not reached yet. */
  readonly verifier: () => AuthenticationVerifier | undefined
}

/** How requests prove who sent them, beside what their connection shows. */
export type AuthenticationRules = {
  readonly keys: readonly AuthorizedKey[]
  /** The address that the device's own check proves, where it verifies and not the host. */
  readonly deviceClient?: string | undefined
}

/** A signature that only the device can judge. */
export type DeviceProof = {
  readonly client: string
  readonly message: Uint8Array
  /** 64 bytes. */
  readonly signature: Uint8Array
}

/** Who asks. `clients` are proven; with `proof` one more is, once the device has verified it. */
export type Authentication =
  | { readonly outcome: 'proven'; readonly clients: readonly string[]; readonly proof?: DeviceProof }
  | { readonly outcome: 'refused'; readonly refusal: Refusal }

const PREFIX = Uint8Array.of(0x04, 0x01)

/** The prefix, and the tag and 20 bytes of an address. */
const HEAD_BYTES = PREFIX.length + 21

/** The longest message that the device verifies, in one command with its signature. */
const MAX_DEVICE_MESSAGE_BYTES = 951

/**
 * Who asks, by the connection and by the signature that a request carries. Whatever was shown must be right: a wrong
 * signature is refused although a certificate proves a client.
 * The signed bytes are `04 01`, the key hash with its tag, and the payload (octez `signer_messages.ml:101-108`); any
 * registered key may have signed them (octez `handler.ml:283-296`).
 */
export function authenticateRequest(
  rules: AuthenticationRules,
  request: Pick<SignRequest, 'publicKeyHash' | 'payload' | 'authentication' | 'caller'>,
): Authentication {
  const { publicKeyHash, payload, authentication, caller } = request
  if (caller.invalid !== undefined) return refusal('authentication-invalid', caller.invalid)
  if (authentication !== undefined) {
    return bySignature(rules, caller.clients, messageOf(publicKeyHash, payload), authentication)
  }
  if (caller.clients.length > 0) return { outcome: 'proven', clients: caller.clients }
  return refusal('authentication-missing', missing(rules))
}

/** What an authentication signature is over. */
function messageOf(target: PublicKeyHash, payload: Uint8Array): Uint8Array {
  return concatBytes(PREFIX, publicKeyHashBytes(target), payload)
}

function bySignature(
  { keys, deviceClient }: AuthenticationRules,
  clients: readonly string[],
  message: Uint8Array,
  text: string,
): Authentication {
  const known = keys.map(({ client, verifier }) => ({ client, verifies: verifier() }))
  const signer = known.find(({ verifies }) => verifies?.(message, text))
  if (signer !== undefined) return { outcome: 'proven', clients: [...clients, signer.client] }
  // The device's authentication key is a P-256 key: of other curves it could not judge.
  const signature = deviceClient === undefined ? undefined : decodeSignature('p256', text)
  if (deviceClient !== undefined && signature !== undefined) {
    if (message.length > MAX_DEVICE_MESSAGE_BYTES) {
      const [bytes, limit] = [message.length, MAX_DEVICE_MESSAGE_BYTES].map((size) => size - HEAD_BYTES)
      const what = `${bytes} bytes: the device verifies the authentication of ${limit} at most`
      return refusal('payload-too-long', `${what}; for more, set policy.auth_key.verify to host`)
    }
    return { outcome: 'proven', clients, proof: { client: deviceClient, message, signature } }
  }
  if (known.some(({ verifies }) => verifies === undefined)) {
    return refusal(
      'device-unavailable',
      'the authentication key is read from the device, which was not reached yet',
    )
  }
  return invalidSignature()
}

/** A signature by none of the keys, as the host or the device found. */
export function invalidSignature(): Extract<Authentication, { outcome: 'refused' }> {
  return refusal(
    'authentication-invalid',
    'invalid authentication signature: not by an authorized key over this key and payload',
  )
}

function missing({ keys, deviceClient }: AuthenticationRules): string {
  const isSignature = keys.length > 0 || deviceClient !== undefined
  if (isSignature) return 'missing authentication signature: sign the request with an authorized key'
  return "missing authentication: show a client's certificate or token, as policy.clients has them"
}

function refusal(code: Refusal['code'], message: string): Extract<Authentication, { outcome: 'refused' }> {
  return { outcome: 'refused', refusal: refuse(code, message) }
}
