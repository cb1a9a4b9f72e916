import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { tryLock } from 'fs-native-extensions'
import { StateError } from './state-error.js'
import { systemErrorCode } from '../system-error.js'

/** The lock's name in the state directory. */
const LOCK_NAME = 'lock'

/** Ownership of a state directory; the operating system ends it when the process dies, however it dies. */
export type StateLock = { readonly release: () => void }

/** Takes the directory for this process. Throws a StateError, `state-locked` with the holder's process id. */
export function lockState(directory: string): StateLock {
  const path = join(directory, LOCK_NAME)
  const fd = openLock(directory, path)
  if (!tryLock(fd)) {
    const holder = readFileSync(path, 'utf8').trim() || 'unknown'
    closeSync(fd)
    throw new StateError(
      'state-locked',
      `${directory} is owned by process ${holder}; two signers on one state are never safe`,
    )
  }
  ftruncateSync(fd)
  writeSync(fd, `${process.pid}\n`, 0)
  return {
    release: () => {
      closeSync(fd)
    },
  }
}

function openLock(directory: string, path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') {
      throw new StateError(
        'state-missing',
        `there is no state directory ${directory}; to make it: tezio-bridge init --level LEVEL`,
        error,
      )
    }
    throw new StateError('state-unreadable', `${path} cannot be opened: ${String(error)}`, error)
  }
}
