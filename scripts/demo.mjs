import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { buildIfNeeded, installIfNeeded, root } from './install.mjs'

// npm run demo: installs and builds where that is needed, then serves with a simulated device.
installIfNeeded()
buildIfNeeded()
const program = join(root, 'dist/src/cli/main.js')
const child = spawn(process.execPath, [program, 'demo'], { cwd: root, stdio: 'inherit' })
// Ctrl-C reaches the whole terminal group; a signal sent to this process alone is passed on.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => child.kill('SIGTERM'))
child.on('exit', (code) => {
  process.exitCode = code ?? 1
})
