import type { PublicKey, Signable } from '../tezos/index.js'
import { checkAuthentication } from './authentication.js'
import { authorise, readPayload } from './authorise.js'
import type { KeyRules } from './key-rules.js'
import { refuse, type Refusal } from './refusal.js'
import type { SignRequest } from './sign-request.js'

/** What steps 2 and 3 say of a request. */
export type Admission =
  | { readonly rules: KeyRules; readonly signable: Signable; readonly refusal?: undefined }
  | { readonly refusal: Refusal; readonly signable: Signable | undefined }

/** Steps 2 and 3: what the payload means, who asks, and whether the key's rules let it through. */
export function admit(
  keys: readonly KeyRules[],
  request: SignRequest,
  authenticationKey: PublicKey | undefined,
  now: Date,
): Admission {
  const rules = keys.find(({ publicKeyHash }) => publicKeyHash === request.publicKeyHash)
  if (rules === undefined) {
    const text = `${request.publicKeyHash} is not a signing key of this bridge`
    return { refusal: refuse('unknown-key', text), signable: undefined }
  }
  const read = readPayload(rules, request.payload)
  if (read.outcome === 'refused') return { refusal: read.refusal, signable: undefined }
  const { signable } = read
  const refusal = authenticate(rules, request, authenticationKey) ?? authorise(rules, signable, now)
  return refusal === undefined ? { rules, signable } : { refusal, signable }
}

function authenticate(
  rules: KeyRules,
  { payload, authentication }: SignRequest,
  key: PublicKey | undefined,
): Refusal | undefined {
  if (!rules.requiresAuthentication) return undefined
  if (key === undefined) {
    return refuse(
      'device-unavailable',
      'the authentication key is read from the device, which was not reached yet',
    )
  }
  return checkAuthentication(key, rules.publicKeyHash, payload, authentication)
}
