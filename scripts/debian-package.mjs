import { spawnSync } from 'node:child_process'

/** The system's own Python: python3-serial is installed for it, not for others that may stand before it in PATH. */
export const PYTHON = '/usr/bin/python3'

/** The packages that tests may want. `needs` must succeed before it is worth installing, `works` once it is there. */
const PACKAGES = {
  python3: { needs: ['true'], works: [PYTHON, '--version'] },
  'python3-serial': { needs: [PYTHON, '--version'], works: [PYTHON, '-c', 'import serial'] },
  strace: { needs: ['true'], works: ['strace', '-f', '-o', '/dev/null', 'true'] },
  chromium: { needs: ['true'], works: ['chromium', '--version'] },
  supervisor: { needs: ['true'], works: ['supervisord', '--version'] },
  prometheus: { needs: ['true'], works: ['promtool', '--version'] },
  systemd: { needs: ['true'], works: ['systemd-analyze', '--version'] },
  'nginx-light': { needs: ['true'], works: ['nginx', '-v'] },
  openssl: { needs: ['true'], works: ['openssl', 'version'] },
  postgresql: {
    needs: ['true'],
    works: ['sh', '-c', '"$(ls -d /usr/lib/postgresql/*/bin | tail -1)"/postgres --version'],
  },
  softhsm2: { needs: ['true'], works: ['softhsm2-util', '--version'] },
  opensc: { needs: ['true'], works: ['opensc-tool', '--version'] },
  logrotate: { needs: ['true'], works: ['logrotate', '--version'] },
}

/**
 * Makes a package of PACKAGES work: does nothing when it does, installs it when this is root on a system with apt-get.
 * Returns undefined, or why it is missing. Calling it again is harmless.
 */
export function ensureDebianPackage(name) {
  const { needs, works } = PACKAGES[name]
  if (!succeeds(needs)) return `${needs[0]} is not there`
  if (succeeds(works)) return undefined
  if (process.getuid?.() !== 0) return `${name} does not work here, and only root can install it`
  if (!install(name) && !(succeeds(['apt-get', ...QUICK, 'update']) && install(name))) {
    return `${name} is not installed, and apt-get cannot install it`
  }
  return succeeds(works) ? undefined : `${name} was installed, but it does not work here`
}

/** Without a network, give up soon. */
const QUICK = ['-o', 'Acquire::Retries=0', '-o', 'Acquire::http::Timeout=10', '-o', 'DPkg::Lock::Timeout=60']

const install = (name) => succeeds(['apt-get', ...QUICK, 'install', '-y', '--no-install-recommends', name])

function succeeds([program, ...args]) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync(program, args, { stdio: 'ignore', env, timeout: 120_000 }).status === 0
}

if (process.argv[1] === import.meta.filename) {
  const name = process.argv[2] ?? ''
  const isKnown = Object.hasOwn(PACKAGES, name)
  const reason = isKnown
    ? ensureDebianPackage(name)
    : `usage: debian-package ${Object.keys(PACKAGES).join('|')}`
  if (reason !== undefined) console.error(reason)
  process.exitCode = reason === undefined ? 0 : isKnown ? 1 : 64
}
