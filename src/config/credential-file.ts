import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { printable, refused, type Refused } from './findings.js'

/** Far above any chain of certificates. */
const MAX_BYTES = 256 * 1024

/** Windows tells every file to be writable for all: its access lists say who may, and are not looked at here. */
const HAS_MODES = process.platform !== 'win32'

/**
 * What stands in a file that connections are proven by. Refused where it cannot be read, where others than its owner
 * may change it, and, for a secret one, where anybody may read it. Its content is never part of a refusal.
 */
export function readCredentialFile(file: string, isSecret: boolean): string | Refused {
  const name = printable(file, 200)
  try {
    // Without a writer a named pipe would hold up the start for ever.
    const descriptor = openSync(file, constants.O_RDONLY | (HAS_MODES ? constants.O_NONBLOCK : 0))
    try {
      const stat = fstatSync(descriptor)
      if (!stat.isFile()) return refused(`${name} is no file; name the file itself`)
      if (stat.size > MAX_BYTES)
        return refused(`${name} is larger than ${MAX_BYTES} bytes; name the right file`)
      return refusalOfMode(name, stat.mode, isSecret) ?? readFileSync(descriptor, 'latin1')
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    const reason = error instanceof Error ? printable(error.message, 200) : 'reading failed'
    return refused(`cannot be read (${reason}); check the path, and that the daemon's user may read it`)
  }
}

function refusalOfMode(name: string, mode: number, isSecret: boolean): Refused | undefined {
  if (!HAS_MODES) return undefined
  const bits = `mode ${(mode & 0o777).toString(8).padStart(4, '0')}`
  if ((mode & 0o022) !== 0)
    return refused(`${name} has ${bits}: others than its owner may change it; chmod go-w ${name}`)
  if (isSecret && (mode & 0o004) !== 0)
    return refused(
      `${name} has ${bits}: anybody on this machine may read the secret; chmod o-r ${name}, and think of a new one`,
    )
  return undefined
}
