import { join } from 'node:path'
import { readText, type Host } from './host.js'
import { lockersOf, processName, type ProcessName } from './processes.js'

/** The lock file's name in the state directory (src/policy/state-lock.ts). */
const LOCK_NAME = 'lock'

/** The program that owns a state directory, by the lock on it; it is looked at and never taken. */
export function stateOwner(host: Host, stateDir: string): ProcessName | undefined {
  const path = join(stateDir, LOCK_NAME)
  if (lockersOf(host, path).size === 0) return undefined
  const name = readText({ ...host, root: '/' }, path)
  return processName(host, Number(name ?? 0))
}
