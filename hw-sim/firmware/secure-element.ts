import type { Curve } from '../../src/tezos/index.js'
import type { CommandName } from './command-name.js'

/** What can go wrong between the microcontroller and its secure element; the names are those of the status bytes. */
export const SECURE_ELEMENT_FAILURES = [
  'secure-element-not-answering',
  'secure-element-sign-failed',
  'session-key-failed',
  'encrypted-read-failed',
  'decryption-failed',
  'public-key-read-failed',
] as const

/** One of `SECURE_ELEMENT_FAILURES`. */
export type SecureElementFailure = (typeof SECURE_ELEMENT_FAILURES)[number]

const SOFTWARE = ['session-key-failed', 'encrypted-read-failed', 'decryption-failed'] as const

/** Steps of SIGN that can fail: P-256 is signed in the element, the other secrets are read from it, encrypted. */
const SIGN_STEPS: Readonly<Record<Curve, readonly SecureElementFailure[]>> = {
  ed25519: [...SOFTWARE, 'public-key-read-failed'],
  secp256k1: SOFTWARE,
  p256: ['secure-element-sign-failed'],
}

/** Whether a failure shows in a command: each command and curve goes through other steps. */
export function failsIn(failure: SecureElementFailure, command: CommandName, curve: Curve): boolean {
  if (failure === 'secure-element-not-answering') return true
  if (command === 'SIGN' || command === 'SIGN_ETH') return SIGN_STEPS[curve].includes(failure)
  return command === 'VERIFY' && failure === 'public-key-read-failed'
}
