import { closeSync, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'
import { ConfigError, type ConfigErrorCode } from './config-error.js'
import type { Config } from './config.js'
import { MAX_FILE_BYTES, parseConfig, tooLarge } from './parse-config.js'

/** What the command line adds to a configuration file. */
export type LoadOptions = {
  /** Wins over the file's `state_dir`; relative to the working directory, as on a command line. */
  readonly stateDir?: string | undefined
  /** Where neither says; relative to the file's folder. */
  readonly defaultStateDir?: string | undefined
}

/**
 * The default state folder, beside the configuration. It depends on nothing but the file, so that `init` in a shell
 * and `serve` under a supervisor cannot keep two sets of marks.
 */
const DEFAULT_STATE_DIR = 'tezio-bridge-state'

/** The configuration in `file`. Throws a `ConfigError` where it cannot be read or is refused. */
export function loadConfig(file: string, options: LoadOptions = {}): Config {
  const { stateDir, defaultStateDir = DEFAULT_STATE_DIR } = options
  const text = decode(readBounded(file), file)
  return parseConfig(text, {
    file,
    stateDir: stateDir === undefined ? undefined : resolve(stateDir),
    defaultStateDir,
  })
}

function readBounded(file: string): Uint8Array {
  const bytes = new Uint8Array(MAX_FILE_BYTES + 1)
  let size = 0
  try {
    const descriptor = openSync(file, 'r')
    try {
      let got = -1
      while (got !== 0 && size < bytes.length) {
        got = readSync(descriptor, bytes, size, bytes.length - size, null)
        size += got
      }
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'reading failed'
    throw failure('unreadable', file, `cannot be read (${reason}); check the path and its permissions`, error)
  }
  if (size > MAX_FILE_BYTES) throw tooLarge(file)
  return bytes.subarray(0, size)
}

/** UTF-8, strictly; a byte order mark is dropped. */
function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw failure('not-yaml', file, 'is not UTF-8 text; save it as UTF-8', error)
  }
}

function failure(code: ConfigErrorCode, file: string, message: string, cause: unknown): ConfigError {
  return new ConfigError(code, file, [{ line: undefined, path: '', message }], cause)
}
