// npm run bench [-- part...] [--quick] [--out FOLDER]: measures, in one go, and writes a report.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describeMachine } from './harness/machine.mjs'
import { targetRows, writeReport } from './harness/report.mjs'
import { Stand } from './harness/stand.mjs'
import { PARTS } from './parts/index.mjs'

const chosen = readArguments()
if (chosen === undefined) {
  console.error(`usage: npm run bench -- [${Object.keys(PARTS).join('] [')}] [--quick] [--out FOLDER]`)
  process.exit(64)
}
const { names, isQuick, folder, startedAt } = chosen
const parts = []
for (const name of names) {
  console.log(`\n${name}`)
  parts.push({ name, ...(await runPart(PARTS[name], isQuick)) })
  show(parts.at(-1))
  writeReport(folder, { machine: describeMachine(), startedAt, parts }) // what is there, should a later part fail
}
const targets = parts.flatMap((part) => part.targets ?? [])
console.log('\ntargets')
console.table(targetRows(targets))
console.log(`report: ${join(folder, 'report.md')}`)
process.exitCode = targets.every(({ isReached }) => isReached) ? 0 : 1

/** Undefined when something is not right. */
function readArguments() {
  const startedAt = new Date().toISOString()
  const options = { quick: { type: 'boolean', default: false }, out: { type: 'string' } }
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true })
    if (!positionals.every((name) => name in PARTS)) return undefined
    const stamp = startedAt.slice(0, 19).replaceAll(':', '')
    return {
      names: positionals.length === 0 ? Object.keys(PARTS) : positionals,
      ...{ isQuick: values.quick, startedAt },
      folder: values.out ?? join('bench', 'results', stamp),
    }
  } catch {
    return undefined
  }
}

async function runPart(run, isQuick) {
  const stand = new Stand()
  try {
    return await run(stand, { isQuick })
  } finally {
    await stand.close()
  }
}

function show({ tables }) {
  for (const { title, rows } of tables) {
    console.log(title)
    console.table(rows)
  }
}
