import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { tryLock } from 'fs-native-extensions'
import { StateError } from './state-error.js'
import { systemErrorCode } from '../system-error.js'

/** The lock's name in the state directory. */
const LOCK_NAME = 'lock'

/** How long the name of a holder that has only just taken the lock is waited for, in ms. */
const NAMING_MS = 200

/** Ownership of a state directory; the operating system ends it when the process dies, however it dies. */
export type StateLock = { readonly release: () => void }

/** Takes the directory for this process. Throws a StateError, `state-locked` with the holder's process id. */
export function lockState(directory: string): StateLock {
  const path = join(directory, LOCK_NAME)
  const fd = openLock(directory, path)
  if (!tryLock(fd)) {
    closeSync(fd)
    const holder = holderOf(path)
    throw new StateError(
      'state-locked',
      `${directory} is owned by process ${holder}; two signers on one state are never safe`,
    )
  }
  ftruncateSync(fd)
  writeSync(fd, `${process.pid}\n`, 0)
  return {
    release: () => {
      try {
        ftruncateSync(fd) // whoever asks next is not told the name of one who has left
      } catch {
        // a name that stays is only words; the lock is what counts
      }
      closeSync(fd)
    },
  }
}

/** The holder's process id. What stands there may be nothing yet, or the name that a killed owner left behind. */
function holderOf(path: string): string {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  for (let ms = 0; ; ms++) {
    const [, name = ''] = /^(\d+)\n$/.exec(readFileSync(path, 'utf8')) ?? []
    if (isRunning(name)) return name
    if (ms === NAMING_MS) return name || 'unknown'
    Atomics.wait(pause, 0, 0, 1)
  }
}

function isRunning(processId: string): boolean {
  if (processId === '') return false // 0 would be this very group of processes
  try {
    return process.kill(Number(processId), 0)
  } catch (error) {
    return systemErrorCode(error) === 'EPERM' // it runs as another user
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
