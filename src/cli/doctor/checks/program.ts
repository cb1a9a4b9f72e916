import { execFile } from 'node:child_process'
import { packageFacts } from '../../version.js'
import { fail, pass, warn, type Check, type Finding } from '../check.js'

/** When long-term versions of Node end (github.com/nodejs/Release). */
const LAST_DAYS: ReadonlyMap<number, string> = new Map([
  [20, '2026-04-30'],
  [22, '2027-04-30'],
  [24, '2028-04-30'],
  [26, '2029-04-30'],
])
/** Up to here odd versions end after half a year; from 27 on all are for the long term. */
const LAST_OF_OLD_SCHEDULE = 26

/** `running` and `needed` as `20.19.0` or `>=20.19`; `today` as `2026-11-21`. */
export function judgeNode(running: string, needed: string, today: string): Finding {
  const [major = 0, minor = 0] = numbersOf(running)
  const [leastMajor = 0, leastMinor = 0] = numbersOf(needed)
  const install = 'install a long-term version of Node, such as 24 (https://nodejs.org/en/download)'
  if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
    return fail(`Node ${running} is too old: ${needed} is needed`, install)
  }
  if (major % 2 === 1 && major < LAST_OF_OLD_SCHEDULE) {
    return warn(`Node ${running} is no long-term version: it gets security updates for half a year`, install)
  }
  const lastDay = LAST_DAYS.get(major)
  if (lastDay !== undefined && today > lastDay) {
    return warn(`Node ${running} has had no security updates since ${lastDay}`, install)
  }
  return pass(`Node ${running}`)
}

function numbersOf(version: string): readonly number[] {
  return version
    .replace(/^[^\d]*/, '')
    .split('.')
    .map(Number)
}

const nodeVersion: Check = {
  id: 'node-version',
  title: 'Node and tezio-bridge',
  run: ({ host }) => {
    const { version, node } = packageFacts()
    const today = new Date(host.wallClock()).toISOString().slice(0, 10)
    const finding = judgeNode(process.versions.node, node, today)
    return { ...finding, detail: `${finding.detail}; tezio-bridge ${version}` }
  },
}

const NATIVE_PARTS = ['@serialport/bindings-cpp', 'fs-native-extensions'] as const
const LOAD_TIMEOUT_MS = 5000

/** Loads native packages in a process of their own, as seen from the file `from`; tells which ones do not. */
export async function judgeNativeParts(names: readonly string[], from: string | URL): Promise<Finding> {
  const problems = await Promise.all(names.map((name) => loadProblem(name, from)))
  const broken = problems.filter((problem) => problem !== undefined)
  if (broken.length === 0) return pass(`${names.join(' and ')} load`)
  return fail(
    broken.join('; '),
    'install tezio-bridge again on this very machine, with its own Node: npm rebuild',
  )
}

function loadProblem(name: string, from: string | URL): Promise<string | undefined> {
  return new Promise((resolve) => {
    const load = `require(require('node:module').createRequire(process.argv[1]).resolve(process.argv[2]))`
    const args = ['-e', load, String(from), name]
    execFile(process.execPath, args, { timeout: LOAD_TIMEOUT_MS }, (error, _stdout, stderr) => {
      if (error === null) resolve(undefined)
      else resolve(`${name} cannot be loaded: ${/^\w*Error: (.*)/m.exec(stderr)?.[1] ?? 'no reason told'}`)
    })
  })
}

const nativeParts: Check = {
  id: 'native-parts',
  title: 'Native parts',
  run: () => judgeNativeParts(NATIVE_PARTS, import.meta.url),
}

/** The program itself. */
export const programChecks: readonly Check[] = [nodeVersion, nativeParts]
