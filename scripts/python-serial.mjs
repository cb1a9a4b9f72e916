import { spawnSync } from 'node:child_process'

/** The system's own Python: python3-serial is installed for it, not for others that may stand before it in PATH. */
export const PYTHON = '/usr/bin/python3'

/**
 * Makes pyserial importable for PYTHON: does nothing when it is, installs Debian's python3-serial when this is root on
 * a system with apt-get. Returns undefined, or why it is missing. Calling it again is harmless.
 */
export function ensurePythonSerial() {
  if (!succeeds(PYTHON, ['--version'])) return `${PYTHON} is not there`
  if (hasSerial()) return undefined
  if (process.getuid?.() !== 0) return 'python3-serial is not installed, and only root can install it'
  if (!install() && !(succeeds('apt-get', [...QUICK, 'update']) && install())) {
    return 'python3-serial is not installed, and apt-get cannot install it'
  }
  return hasSerial() ? undefined : `python3-serial was installed, but ${PYTHON} does not find it`
}

/** Without a network, give up soon. */
const QUICK = ['-o', 'Acquire::Retries=0', '-o', 'Acquire::http::Timeout=10', '-o', 'DPkg::Lock::Timeout=60']

const hasSerial = () => succeeds(PYTHON, ['-c', 'import serial'])
const install = () =>
  succeeds('apt-get', [...QUICK, 'install', '-y', '--no-install-recommends', 'python3-serial'])

function succeeds(program, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync(program, args, { stdio: 'ignore', env, timeout: 120_000 }).status === 0
}

if (process.argv[1] === import.meta.filename) {
  const reason = ensurePythonSerial()
  if (reason !== undefined) console.error(reason)
  process.exitCode = reason === undefined ? 0 : 1
}
