import { CommanderError } from 'commander'
import { ConfigError } from '../config/index.js'
import { DeviceError } from '../device/index.js'
import { MigrationError } from '../migration/migration-error.js' // not the rest of it: `serve` needs none
import { StateError } from '../policy/index.js'
import { ListenError } from '../server/index.js'

/** What a command ends with (sysexits.h): supervisors restart on some of them and not on others. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 64,
  unavailable: 69,
  io: 74,
  refused: 78,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** The command was called wrongly. */
export class UsageError extends Error {}

/** What the command needs does not answer: no daemon runs. */
export class UnavailableError extends Error {}

/** The operator's request cannot be granted as things stand; nothing was changed. */
export class RefusedError extends Error {}

/** The operator broke the command off, before anything was changed. */
export class InterruptedError extends Error {}

const REFUSALS = [ConfigError, StateError, MigrationError, RefusedError]

/** The exit code of whatever a command threw, and the words for the person who called it. */
export function failureOf(error: unknown): { readonly code: ExitCode; readonly message: string } {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof CommanderError) {
    // commander has already told what is wrong
    return { code: error.exitCode === 0 ? EXIT.ok : EXIT.usage, message: '' }
  }
  if (error instanceof UsageError) return { code: EXIT.usage, message }
  if (REFUSALS.some((refusal) => error instanceof refusal)) return { code: EXIT.refused, message }
  if (error instanceof ListenError) {
    // an address in use may be free a moment later, as for a port; the others want a person
    return { code: error.code === 'address-in-use' ? EXIT.io : EXIT.refused, message }
  }
  if (error instanceof DeviceError || error instanceof UnavailableError) {
    return { code: EXIT.unavailable, message }
  }
  if (error instanceof InterruptedError) return { code: EXIT.interrupted, message }
  return { code: EXIT.io, message }
}
