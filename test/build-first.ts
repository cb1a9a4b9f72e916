import { spawnSync } from 'node:child_process'

/** The end-to-end tests run the compiled programs: never older ones than the sources. */
export function setup(): void {
  const script = "import('./scripts/install.mjs').then(({ buildIfNeeded }) => buildIfNeeded())"
  const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
  if (status !== 0) throw new Error('the build failed')
}
