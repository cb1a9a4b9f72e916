import { assertNever, decodePublicKey, genericSignature, signatureBytes } from '../../tezos/index.js'
import { octezErrors, type HttpRefusal } from '../http-status.js'
import type { Answer, Asker, Questions } from '../questions.js'
import type { SocketReply, SocketValue } from './reply.js'
import type { SocketRequest } from './request.js'

/** What a request of the socket protocol is answered with. */
export async function answerRequest(
  questions: Questions,
  request: SocketRequest,
  asker: Asker,
): Promise<SocketReply> {
  switch (request.kind) {
    case 'sign':
      return replyWith(await questions.sign(wishOf(request), asker), (text) => ({
        kind: 'sign',
        signature: bytesOf(text, signatureBytes),
      }))
    case 'public-key':
      return replyWith(questions.publicKey(request.key), (text) => ({
        kind: 'public-key',
        publicKey: bytesOf(text, decodePublicKey),
      }))
    case 'authorized-keys':
      return { kind: 'authorized-keys', keys: questions.authorizedKeys(asker.caller) }
    case 'known-keys':
      return replyWith(questions.knownKeys(), (keys) => ({ kind: 'known-keys', keys }))
    case 'supports-deterministic-nonces':
      return replyWith(questions.supportsDeterministicNonces(request.key), (isSupported) => ({
        kind: 'supports-deterministic-nonces',
        isSupported,
      }))
    case 'deterministic-nonce':
    case 'deterministic-nonce-hash':
      return replyWith(questions.deterministicNonce(), (never) => never)
    case 'bls-prove-possession':
      return replyWith(questions.provePossession(), (never) => never)
    default:
      return assertNever(request)
  }
}

/** A refusal as the socket protocol tells it. */
export function errorReply(refusal: HttpRefusal): SocketReply {
  return { kind: 'error', errors: octezErrors(refusal) }
}

function wishOf({ key, data, authentication }: Extract<SocketRequest, { readonly kind: 'sign' }>) {
  // the policy reads base58check text, whatever the transport
  return { key, payload: data, authentication: authentication && genericSignature(authentication) }
}

function replyWith<Value>(answer: Answer<Value>, reply: (value: Value) => SocketValue): SocketReply {
  return answer.outcome === 'answered' ? reply(answer.value) : errorReply(answer.refusal)
}

function bytesOf<Value>(text: string, decode: (text: string) => Value | undefined): Value {
  const value = decode(text)
  if (value === undefined) throw new Error('the bridge made a text that it cannot read itself')
  return value
}
