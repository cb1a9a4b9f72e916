import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { buildIfNeeded, installIfNeeded, root } from './install.mjs'
import { PARTS } from './soak-parts.mjs'

// npm run soak -- [part]...: what is too long for npm test. Without names all parts run, one after the other.
// Exit code 0: all was well.
const LIMITS = { minutes: [0.01, 1440], rate: [1, 60_000], levels: [1, 1_000_000], seed: [0, 2 ** 32 - 1] }
const DEFAULTS = { rate: '10000' }

const chosen = readArguments()
if (chosen === undefined) {
  console.error(
    `usage: soak [${PARTS.map(({ name }) => name).join('] [')}] [--minutes N] [--rate commands a minute] [--levels N] [--seed N]`,
  )
  process.exit(64)
}
if (process.platform !== 'linux') {
  console.error('soak: memory and descriptors are read from /proc, which this system has not')
  process.exit(69)
}
installIfNeeded()
buildIfNeeded()
const results = chosen.parts.map((part) => ({ name: part.name, result: run(part, chosen.values) }))
console.log(results.map(({ name, result }) => `soak ${name}: ${result}`).join('\n'))
process.exitCode = results.every(({ result }) => result === 'well') ? 0 : 1

/** The parts that were named, and the options; undefined when something is not right. */
function readArguments() {
  try {
    const options = Object.fromEntries(Object.keys(LIMITS).map((name) => [name, { type: 'string' }]))
    const { values, positionals } = parseArgs({ options, allowPositionals: true })
    const isRight = ([name, value]) => Number(value) >= LIMITS[name][0] && Number(value) <= LIMITS[name][1]
    if (!Object.entries(values).every(isRight)) return undefined
    if (!positionals.every((wanted) => PARTS.some(({ name }) => name === wanted))) return undefined
    const parts = PARTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
    return { parts, values }
  } catch {
    return undefined
  }
}

function run({ name, what, minutes, command }, values) {
  console.log(`soak ${name}: ${what}`)
  const { args, environment } = command({ ...DEFAULTS, minutes, ...values })
  const env = { ...process.env, ...environment }
  const { status, signal } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env })
  return status === 0 ? 'well' : `FAILED (${signal ?? `exit code ${status}`})`
}
