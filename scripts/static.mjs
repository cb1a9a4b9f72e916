import { spawn } from 'node:child_process'
import { once } from 'node:events'

// The checks that only read, side by side: one after the other they leave a core unused. All of them are told.
const checks = ['lint', 'types', 'format', 'imports']
const codes = await Promise.all(
  checks.map(async (check) => {
    const [code] = await once(spawn('npm', ['run', check], { stdio: 'inherit' }), 'close')
    return code
  }),
)
const failed = checks.filter((_, index) => codes[index] !== 0)
if (failed.length > 0) console.error(`failed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
