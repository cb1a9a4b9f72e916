import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './install.mjs'

// npm run pkcs11: compiles the optional package pkcs11js, which signing with a PKCS#11 token needs. npm ci does not: no
// package's scripts run while packages are installed (.npmrc). Calling it again is harmless.

/** Whether pkcs11js can be loaded by this Node. */
export function isCompiled() {
  return (
    spawnSync(process.execPath, ['-e', "require('pkcs11js')"], { cwd: root, stdio: 'ignore' }).status === 0
  )
}

/** Compiles pkcs11js unless that was done; returns undefined, or why it cannot be. */
export function ensurePkcs11js() {
  if (isCompiled()) return undefined
  if (!existsSync(join(root, 'node_modules/pkcs11js/package.json'))) {
    return 'the package pkcs11js is not installed: npm ci --include=optional installs it'
  }
  const missing = TOOLS.filter((tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status !== 0)
  if (missing.length > 0) {
    return `${missing.join(', ')} not found: pkcs11js is compiled with ${TOOLS.join(', ')} (Debian: apt install ${TOOLS.join(' ')})`
  }
  const rebuild = ['rebuild', 'pkcs11js', '--ignore-scripts=false', '--foreground-scripts']
  const { status } = spawnSync('npm', rebuild, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status === 0 && isCompiled()) return undefined
  return 'pkcs11js could not be compiled; what the compiler said stands above'
}

const TOOLS = ['python3', 'make', 'g++']

if (process.argv[1] === import.meta.filename) {
  const reason = ensurePkcs11js()
  if (reason === undefined) console.log('pkcs11js is compiled')
  else console.error(reason)
  process.exitCode = reason === undefined ? 0 : 1
}
