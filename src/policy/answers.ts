import {
  curveOfHash,
  encodeSignature,
  fromHex,
  normaliseSignature,
  type Curve,
  type PublicKeyHash,
  type Verifier,
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

/** The signature as a client accepts it, when it is one over `digest` by the key, of `curve`, that `verifies` is for. */
export function verifiedSignature(
  curve: Curve,
  verifies: Verifier,
  digest: Uint8Array,
  made: Uint8Array,
): Uint8Array | undefined {
  const signature = normaliseSignature(curve, made)
  return verifies(digest, signature) ? signature : undefined
}
