import type { Signable } from '../tezos/index.js'
import { authenticateRequest, type AuthenticationRules, type DeviceProof } from './authentication.js'
import { authorise, readPayload } from './authorise.js'
import type { KeyRules } from './key-rules.js'
import { refuse, type Refusal } from './refusal.js'
import type { SignRequest } from './sign-request.js'

/** A request with a meaning, and who asks for it, as far as that is proven. */
export type Asked = {
  readonly rules: KeyRules
  readonly signable: Signable
  /** Configured names or addresses; empty where nobody has to prove anything. */
  readonly clients: readonly string[]
  /** What the device has to verify before anything else is told. */
  readonly proof?: DeviceProof | undefined
}

/** What steps 2 and 3 say of a request; with a `proof` the second half of step 3 is `permit`, after it. */
export type Admission =
  | { readonly asked: Asked; readonly refusal?: undefined }
  | {
      readonly refusal: Refusal
      readonly asked?: undefined
      readonly signable: Signable | undefined
      readonly clients: readonly string[]
    }

/** What step 2 says of a request: for which key what is to be signed. */
export type Understanding =
  Pick<Asked, 'rules' | 'signable'> | (Admission & { readonly refusal: Refusal; readonly rules?: undefined })

/** Step 2: the key's rules, and what the payload means. */
export function understand(keys: readonly KeyRules[], request: SignRequest): Understanding {
  const rules = keys.find(({ publicKeyHash }) => publicKeyHash === request.publicKeyHash)
  if (rules === undefined) {
    const text = `${request.publicKeyHash} is not a signing key of this bridge`
    return { refusal: refuse('unknown-key', text), signable: undefined, clients: [] }
  }
  const read = readPayload(rules, request.payload)
  if (read.outcome === 'refused') return { refusal: read.refusal, signable: undefined, clients: [] }
  return { rules, signable: read.signable }
}

/** Step 3: who asks, and whether the key's rules let it through. */
export function admit(
  { rules, signable }: Pick<Asked, 'rules' | 'signable'>,
  request: SignRequest,
  authentication: AuthenticationRules,
  now: Date,
): Admission {
  const proven = rules.requiresAuthentication ? authenticateRequest(authentication, request) : NOBODY
  if (proven.outcome === 'refused') return { refusal: proven.refusal, signable, clients: [] }
  const { clients, proof } = proven
  const asked: Asked = { rules, signable, clients, proof }
  const refusal = proof === undefined ? permit(asked, now) : undefined
  return refusal === undefined ? { asked } : { refusal, signable, clients }
}

const NOBODY = { outcome: 'proven', clients: [], proof: undefined } as const

/** Whether the key's rules let whoever asks have this signed; `undefined` when they do. */
export function permit({ rules: key, signable, clients }: Asked, now: Date): Refusal | undefined {
  return authorise({ key, signable, clients, now })
}
