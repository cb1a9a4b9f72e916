import { isConsensus, payloadDigest, toHex, type PublicKeyHash, type Signable } from '../tezos/index.js'
import type { Asked } from './admission.js'
import type { Progress } from './audit.js'
import type { KeyRules } from './key-rules.js'
import { wantedBy, type Wanted } from './mark.js'
import type { SignRequest } from './sign-request.js'
import type { PolicyHook } from './policy-hook.js'
import type { HeadCheck } from './head-check.js'
import { spendTotals, type SpendWindow, type WantedSpend } from './spend.js'
import type { Patience } from './turns.js'

/** What the windows of a key are asked. */
export type SpendQuestion = { readonly wanted: WantedSpend; readonly windows: readonly SpendWindow[] }

/** How far a request came, while it comes further. */
export type OngoingProgress = { -readonly [Part in keyof Progress]: Progress[Part] }

/** A request that passed steps 1 to 3, on its way through the rest. */
export type SigningJob = {
  readonly requestId: string
  readonly key: PublicKeyHash
  readonly payload: Uint8Array
  readonly signable: Signable
  readonly digest: Uint8Array
  /** Who asks for what, with the key's rules; these and the head check are those that were in force when it came. */
  readonly asked: Asked
  readonly headCheck: HeadCheck | undefined
  readonly hook: PolicyHook | undefined
  /** `undefined` for a payload that carries no mark. */
  readonly wanted: Wanted | undefined
  /** `undefined` for a key without windows, and for what is no operation. */
  readonly spending: SpendQuestion | undefined
  readonly patience: Patience
  readonly progress: OngoingProgress
}

/** What steps 4 to 9 need to know of a request. */
export function signingJob(
  request: SignRequest,
  asked: Asked,
  inForce: { readonly headCheck: HeadCheck | undefined; readonly hook: PolicyHook | undefined },
  progress: OngoingProgress,
): SigningJob {
  const { requestId, publicKeyHash: key, payload } = request
  const { rules, signable } = asked
  const digest = payloadDigest(payload)
  const wanted = isConsensus(signable) ? wantedBy(key, signable, toHex(digest)) : undefined
  const spending = spendQuestion(rules, signable, toHex(digest))
  const asksFor = { requestId, key, payload, signable, digest, asked }
  return { ...asksFor, ...inForce, wanted, spending, patience: request, progress }
}

/** What a payload asks of a key's windows; `undefined` where it has none, and for what is no operation. */
export function spendQuestion(
  { publicKeyHash: key, transactions }: KeyRules,
  signable: Signable,
  digest: string,
): SpendQuestion | undefined {
  const windows = transactions?.spendWindows ?? []
  if (windows.length === 0 || signable.kind !== 'operation') return undefined
  return { wanted: { key, digest, ...spendTotals(signable) }, windows }
}
