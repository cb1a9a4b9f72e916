import { statusByte, type CommandFields, type KeyAlias } from '../../src/device/tezio/index.js'
import type { Curve } from '../../src/tezos/index.js'
import { ALIASES, KEY_NAMES, type DeviceKey } from '../device-key.js'
import type { DeviceKeys } from '../device-keys.js'
import type { EthPolicy } from '../eth-policy.js'
import type { Profile, Status } from '../profile.js'
import type { RandomBytes } from '../random-bytes.js'
import type { CommandName } from './command-name.js'
import type { PolicyTables } from './policy-tables.js'
import { failsIn, type SecureElementFailure } from './secure-element.js'
import type { Watermarks } from './watermarks.js'

/** What a command ends with: the body of its answer, or the status it is refused with. */
export type Outcome =
  | { readonly kind: 'value'; readonly body: Uint8Array }
  | { readonly kind: 'refusal'; readonly status: Status }

/** All that the command handlers work on. */
export type Board = {
  readonly profile: Profile
  readonly keys: DeviceKeys
  readonly policy: PolicyTables
  readonly marks: Watermarks
  readonly random: RandomBytes
  readonly failure: SecureElementFailure | undefined
  /** What the secp256k1 key may sign for Ethereum; `undefined` when nothing was provisioned. */
  readonly ethPolicy: EthPolicy | undefined
}

/** A handler of one command. It never throws on what it is sent. */
export type Handler = (fields: CommandFields, board: Board) => Outcome

/** An answer with a body of bytes. */
export const value = (body: Uint8Array): Outcome => ({ kind: 'value', body })

/** An answer with a body of ASCII characters. */
export const text = (characters: string): Outcome => value(new TextEncoder().encode(characters))

/** An answer of one status byte. */
export const refusal = (status: Status): Outcome => ({ kind: 'refusal', status })

/** The body of the reply that carries an outcome: what was asked for, or one status byte. */
export function replyBody(outcome: Outcome): Uint8Array {
  return outcome.kind === 'value' ? outcome.body : Uint8Array.of(statusByte(outcome.status))
}

/** The key a command speaks of, 0 when it names none; `undefined` above 3. */
export function aliasOf(fields: CommandFields): KeyAlias | undefined {
  return ALIASES.find((alias) => alias === (fields.param1 ?? 0))
}

/** The key with an alias. */
export function keyOf(board: Board, alias: KeyAlias): DeviceKey {
  return board.keys[KEY_NAMES[alias]]
}

/** The refusal the secure element's present failure causes in a command; `undefined` when it does not show there. */
export function elementRefusal(board: Board, command: CommandName, curve: Curve): Outcome | undefined {
  const { failure } = board
  return failure !== undefined && failsIn(failure, command, curve) ? refusal(failure) : undefined
}
