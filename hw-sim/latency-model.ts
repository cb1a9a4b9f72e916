import { KEY_FORMAT, MODE } from '../src/device/tezio/index.js'
import { CURVE_OF, KEY_NAMES, type KeyName } from './device-key.js'
import type { Exchange } from './exchange-log.js'
import { aliasOf } from './firmware/outcome.js'
import type { RandomBytes } from './random-bytes.js'

/** `zero`: answers at once. `board`: takes the time a real board takes. */
export type LatencyName = 'zero' | 'board'

/** How long a device works on a command. */
export type LatencyModel = {
  readonly name: string
  /** Milliseconds from the command's last byte to the reply's first, 0 at least; the same for the same `random`. */
  readonly delayMs: (exchange: Exchange, random: RandomBytes) => number
}

/** What a model tells apart: a public key as an address is hashed and encoded, and takes longer than another form. */
export const WORKS = ['get_pk', 'get_pk_address', 'sign', 'verify'] as const

/** One of `WORKS`. */
export type Work = (typeof WORKS)[number]

/** The work a command was, and the key it was done with; `undefined` when no key was used: GET_INFO, a refusal, a default signature. */
export function workOf({
  name,
  command,
  outcome,
}: Exchange): { readonly work: Work; readonly key: KeyName } | undefined {
  if (name === undefined || command === undefined || outcome.kind === 'refusal') return undefined
  const alias = aliasOf(command)
  if (alias === undefined) return undefined
  const key = KEY_NAMES[alias]
  if (name === 'VERIFY') return { work: 'verify', key }
  if (name === 'GET_PK') {
    return { work: command.param2 === KEY_FORMAT.address ? 'get_pk_address' : 'get_pk', key }
  }
  const isSignature = name === 'SIGN' && (command.param2 ?? 0) !== MODE.defaultSignature
  return isSignature || name === 'SIGN_ETH' ? { work: 'sign', key } : undefined
}

/** Milliseconds a board takes, measured: P-256 is signed by the secure element, the rest by the Cortex-M0+. */
const BOARD_MS = {
  get_pk: 10,
  get_pk_address: 110,
  sign: { p256: 148, secp256k1: 550, ed25519: 850 },
  verify: 120,
} as const

/** How long a command takes on a board, in ms. Refusals and the default signature need no key and take none. */
export function boardLatencyMs(exchange: Exchange): number {
  const done = workOf(exchange)
  if (done === undefined) return 0
  return done.work === 'sign' ? BOARD_MS.sign[CURVE_OF[done.key]] : BOARD_MS[done.work]
}
