import { CommanderError } from 'commander'
import { ControlClientError, type ControlClientErrorCode } from '../control/control-client.js'
import { ControlSocketError } from '../control/control-socket.js'
import { KeysError } from '../device-keys.js'
import { EthPolicyError } from '../eth-policy.js'
import { FaultError } from '../faults/index.js'
import { LatencyError } from '../latency.js'
import { ScenarioError } from '../scenario/index.js'
import { TranscriptError } from '../transcript.js'
import { PseudoTerminalError } from '../transport/pseudo-terminal-error.js'

/**
 * Exit codes of sysexits.h: `usage` wrong arguments, `unavailable` no simulator or device there, `io` a file, a socket
 * or the port, `config` keys, scenarios, recordings or policies that are refused. `different`: a replay that found differences.
 */
export const EXIT = { ok: 0, different: 1, usage: 64, unavailable: 69, io: 74, config: 78 } as const

/** Arguments that contradict each other or cannot be read. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** A device that is not there, or was lost. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError'
}

/** What says that a file was read and its content refused. */
const REFUSED_FILES = [
  KeysError,
  ScenarioError,
  FaultError,
  TranscriptError,
  LatencyError,
  EthPolicyError,
] as const

const CLIENT_CODE: Readonly<Record<ControlClientErrorCode, number>> = {
  'not-running': EXIT.unavailable,
  'not-possible': EXIT.unavailable,
  refused: EXIT.usage,
  failed: EXIT.io,
}

/** Runs a command and turns what a user can do wrong into a line and an exit code; rejects for anything else. */
export async function exitCode(
  command: () => Promise<number>,
  warn: (line: string) => void,
): Promise<number> {
  try {
    return await command()
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    const code = codeOf(error)
    if (code === undefined || !(error instanceof Error)) throw error
    warn(`error: ${error.message}`)
    return code
  }
}

function codeOf(error: unknown): number | undefined {
  if (error instanceof UsageError) return EXIT.usage
  if (error instanceof UnavailableError) return EXIT.unavailable
  if (error instanceof ControlClientError) return CLIENT_CODE[error.code]
  if (error instanceof PseudoTerminalError || error instanceof ControlSocketError) return EXIT.io
  if (REFUSED_FILES.some((kind) => error instanceof kind)) return EXIT.config
  return error instanceof Error && 'syscall' in error ? EXIT.io : undefined
}
