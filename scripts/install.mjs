import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of package.json. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Runs a command in the project's folder; ends this process with its exit code when it fails. */
export function run(command, args) {
  const { status, signal } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? (signal === 'SIGINT' ? 130 : 1))
}

/** Installs what the lockfile names, unless that was done since the lockfile last changed. */
export function installIfNeeded() {
  const marker = join(root, 'node_modules', '.package-lock.json')
  const lock = join(root, 'package-lock.json')
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync(lock).mtimeMs) return
  run('npm', ['ci', '--no-audit', '--no-fund'])
}

/** Compiles, unless nothing changed since it was last done. */
export function buildIfNeeded() {
  const program = join(root, 'dist/src/cli/main.js')
  const sources = ['src', 'hw-sim'].map((folder) => newestFile(join(root, folder)))
  if (existsSync(program) && statSync(program).mtimeMs >= Math.max(...sources)) return
  run('npm', ['run', '--silent', 'build'])
}

function newestFile(folder) {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) =>
    entry.isFile(),
  )
  return Math.max(...files.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs))
}
