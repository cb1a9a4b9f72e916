import type { Signable } from '../tezos/index.js'
import { authenticateRequest, type AuthenticationRules, type DeviceProof } from './authentication.js'
import { authorise, readPayload, type KeyRules } from './key-rules.js'
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

/** Steps 2 and 3: what the payload means, who asks, and whether the key's rules let it through. */
export function admit(
  keys: readonly KeyRules[],
  request: SignRequest,
  authentication: AuthenticationRules,
): Admission {
  const rules = keys.find(({ publicKeyHash }) => publicKeyHash === request.publicKeyHash)
  if (rules === undefined) {
    const text = `${request.publicKeyHash} is not a signing key of this bridge`
    return { refusal: refuse('unknown-key', text), signable: undefined, clients: [] }
  }
  const read = readPayload(rules, request.payload)
  if (read.outcome === 'refused') return { refusal: read.refusal, signable: undefined, clients: [] }
  const { signable } = read
  const proven = rules.requiresAuthentication ? authenticateRequest(authentication, request) : NOBODY
  if (proven.outcome === 'refused') return { refusal: proven.refusal, signable, clients: [] }
  const { clients, proof } = proven
  const asked: Asked = { rules, signable, clients, proof }
  const refusal = proof === undefined ? permit(asked) : undefined
  return refusal === undefined ? { asked } : { refusal, signable, clients }
}

const NOBODY = { outcome: 'proven', clients: [], proof: undefined } as const

/** Whether the key's rules let whoever asks have this signed; `undefined` when they do. */
export function permit({ rules, signable, clients }: Asked): Refusal | undefined {
  return refusedClients(rules, clients) ?? authorise(rules, signable)
}

function refusedClients({ publicKeyHash, clients: listed }: KeyRules, clients: readonly string[]) {
  if (listed === undefined || clients.some((client) => listed.includes(client))) return undefined
  const text = `${clients.join(', ')} may not ask for ${publicKeyHash}: its clients are ${listed.join(', ')}`
  return refuse('client-not-allowed', text)
}
