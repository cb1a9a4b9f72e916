import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildIfNeeded, installIfNeeded } from './install.mjs'
import { busyPool, refusedRequests, slowClients } from './soak-http-cases.mjs'
import { hugeBodies } from './soak-http-memory.mjs'

const CASES = { F30: busyPool, F36: hugeBodies, F37: slowClients, F40: refusedRequests }
/** What one round of all cases takes on a small machine, in minutes. */
const ROUND_MINUTES = 4

/**
 * Measures a real daemon under abuse for about so many minutes: prints each figure with its limit, and resolves with
 * whether all were kept. `only` names one case.
 */
export async function soakHttp({ minutes = ROUND_MINUTES, only } = {}) {
  const scale = Math.max(1, Math.round(minutes / ROUND_MINUTES))
  const results = []
  for (const [name, measure] of Object.entries(CASES)) {
    if (only === undefined || only === name) results.push(await measure(scale))
  }
  return results.every(Boolean)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { minutes: { type: 'string' }, only: { type: 'string' } } })
  const minutes = Number(values.minutes ?? ROUND_MINUTES)
  if (!(minutes > 0 && minutes <= 1440) || !(values.only === undefined || values.only in CASES)) {
    console.error(`usage: soak-http [--minutes 1..1440] [--only ${Object.keys(CASES).join('|')}]`)
    process.exit(64)
  }
  if (process.platform !== 'linux') {
    console.error('soak-http: memory is read from /proc, which this system has not')
    process.exit(69)
  }
  installIfNeeded()
  buildIfNeeded()
  process.exitCode = (await soakHttp({ minutes, only: values.only })) ? 0 : 1
}
