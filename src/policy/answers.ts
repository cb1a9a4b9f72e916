import {
  curveOfHash,
  encodeSignature,
  fromHex,
  normaliseSignature,
  verifySignature,
  type PublicKey,
  type PublicKeyHash,
} from '../tezos/index.js'
import type { Verdict } from './decide.js'
import { denialRefusal } from './explain.js'
import type { Refusal } from './refusal.js'
import type { SignResult } from './sign-request.js'

/** A refusal as the answer to a request. */
export function refused(refusal: Refusal): SignResult {
  return { outcome: 'refused', refusal }
}

/** What a verdict alone answers; `undefined` where the device has to be asked. */
export function knownAnswer(key: PublicKeyHash, verdict: Verdict): SignResult | undefined {
  if (verdict.verdict === 'deny') return refused(denialRefusal(verdict))
  if (verdict.verdict === 'advance' || verdict.signature === undefined) return undefined
  const bytes = fromHex(verdict.signature)
  const curve = curveOfHash(key)
  if (bytes === undefined || curve === undefined) return undefined
  return { outcome: 'signed', signature: encodeSignature(curve, bytes), repeated: true }
}

/** The signature as a client accepts it, when it is one by `key` over `digest`. */
export function verifiedSignature(
  key: PublicKey,
  digest: Uint8Array,
  made: Uint8Array,
): Uint8Array | undefined {
  const signature = normaliseSignature(key.curve, made)
  return verifySignature(key, digest, signature) ? signature : undefined
}
