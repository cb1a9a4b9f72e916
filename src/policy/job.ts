import type { PublicKeyHash, Signable } from '../tezos/index.js'
import type { Asked } from './admission.js'
import type { Progress } from './audit.js'
import type { HeadCheck } from './head-check.js'
import type { Wanted } from './mark.js'
import type { Patience } from './turns.js'

/** A request that passed steps 1 to 3, but for what the device has to verify, on its way through the rest. */
export type Job = {
  readonly requestId: string
  readonly key: PublicKeyHash
  readonly payload: Uint8Array
  readonly signable: Signable
  readonly asked: Asked
  readonly digest: Uint8Array
  /** `undefined` for a payload that carries no mark. */
  readonly wanted: Wanted | undefined
  /** The head check that was in force when the request came. */
  readonly headCheck: HeadCheck | undefined
  readonly patience: Patience
  readonly progress: { -readonly [Part in keyof Progress]: Progress[Part] }
}
