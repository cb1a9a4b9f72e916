import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of what is installed. */
export const SUPERVISOR = fileURLToPath(new URL('../../supervisor/', import.meta.url))

/** What `install.sh` printed and ended with. */
export type Installed = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Runs the real `supervisor/install.sh`; `environment` wins over this process's. */
export function install(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Installed {
  const env = { ...process.env, ...environment }
  const { status, stdout, stderr } = spawnSync('sh', [join(SUPERVISOR, 'install.sh'), ...args], {
    encoding: 'utf8',
    env,
  })
  return { code: status, stdout, stderr }
}

/** A shipped file as it is. */
export const shipped = (path: string): string => readFileSync(join(SUPERVISOR, path), 'utf8')

/** Where `install.sh` puts each file, below its prefix. */
export const PLACES = {
  'systemd/tezio-bridge.service': 'etc/systemd/system/tezio-bridge.service',
  'supervisord/tezio-bridge.conf': 'etc/supervisor/conf.d/tezio-bridge.conf',
  'logrotate/tezio-bridge': 'etc/logrotate.d/tezio-bridge',
  'udev/60-tezio-bridge.rules': 'etc/udev/rules.d/60-tezio-bridge.rules',
} as const
