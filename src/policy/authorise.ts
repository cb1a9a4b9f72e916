import {
  assertNever,
  curveOfHash,
  hexByte,
  isConsensus,
  isVaultLabel,
  parseSignable,
  type Signable,
} from '../tezos/index.js'
import type { KeyRules } from './key-rules.js'
import { refuse, type Refusal } from './refusal.js'
import type { RuleInput } from './rule.js'
import { RULES } from './rules.js'

/** The longest payload: what a Tezio HSM takes in one command. */
export const MAX_PAYLOAD_BYTES = 1015

/** What a payload means, or why it is not even considered. */
export type ReadPayload =
  | { readonly outcome: 'read'; readonly signable: Signable }
  | { readonly outcome: 'refused'; readonly refusal: Refusal }

const unread = (refusal: Refusal): ReadPayload => ({ outcome: 'refused', refusal })

/** What a payload for a key means, or why it is not even considered. */
export function readPayload(
  { publicKeyHash }: Pick<KeyRules, 'publicKeyHash'>,
  payload: Uint8Array,
): ReadPayload {
  if (isVaultLabel(payload)) {
    const text =
      'the payload holds the label of a vault, whose signature opens it; it is made for `tezio-bridge accounts` alone'
    return unread(refuse('operation-not-allowed', text, 'vault_label'))
  }
  if (payload.length > MAX_PAYLOAD_BYTES) {
    return unread(
      refuse('payload-too-long', `${payload.length} bytes: the device takes ${MAX_PAYLOAD_BYTES}`),
    )
  }
  const parsed = parseSignable(payload)
  switch (parsed.outcome) {
    case 'malformed':
      return unread(refuse('malformed-payload', parsed.reason))
    case 'unknown-magic-byte': {
      const text = `magic byte ${hexByte(parsed.magicByte)} not allowed: no payload that this bridge signs begins with it`
      return unread(refuse('magic-byte-not-allowed', text, 'first_byte'))
    }
    case 'parsed':
      break
    default:
      return assertNever(parsed)
  }
  const { signable } = parsed
  if (isConsensus(signable) && signable.layout === 'bls' && curveOfHash(publicKeyHash) !== undefined) {
    const text = `${signable.operation} is the form of tz4 keys; ${publicKeyHash} signs the one with a slot`
    return unread(refuse('malformed-payload', text))
  }
  return { outcome: 'read', signable }
}

/** Whether a key's rules let a payload through; `undefined` when they do. The first rule that refuses decides. */
export function authorise(input: RuleInput): Refusal | undefined {
  for (const { name, ask } of RULES) {
    const word = ask(input)
    if (word.says === 'refuses') return refuse(word.code, word.because, name)
  }
  return undefined
}
