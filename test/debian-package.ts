import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('../scripts/debian-package.mjs', import.meta.url))

/** How long `apt-get` may take, in ms: for hooks that call `whyMissing`. */
export const INSTALL_TIMEOUT_MS = 300_000

/** Why a Debian package that tests want is not here, told on the terminal as well; empty when it is. */
export function whyMissing(name: string): string {
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT, name], { encoding: 'utf8' })
  if (status === 0) return ''
  const reason = stderr.trim() || `${name} is not there`
  console.warn(`skipped: ${reason}`)
  return reason
}

/** Makes a package work; whether it does. */
export function hasDebianPackage(name: string): boolean {
  return whyMissing(name) === ''
}
