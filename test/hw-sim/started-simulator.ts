import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** The compiled programs. */
export const DIST = fileURLToPath(new URL('../../dist', import.meta.url))
/** The folder of package.json. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * A simulator in a process of its own, its port ready. It has to be one: what the process that holds a simulated
 * terminal starts, inherits it, and would keep it open after an unplug.
 */
export async function startSimulator(...args: readonly string[]) {
  const child = spawn(process.execPath, [`${DIST}/hw-sim/cli/main.js`, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('ready ')) break
  }
  return child
}

/** Kills a process that may have ended already, and waits until it has. */
export async function endProcess(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
