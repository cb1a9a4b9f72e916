// What the operator's page costs a signature: requests of a baker with nobody looking and with many viewers.
// Run `npm run build` first, then `node bench/page-viewers.mjs [--count 300] [--viewers 200]`.
import { spawn, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { takeSnapshot } from '../dist/src/server/page/snapshot.js'

const { values } = parseArgs({
  options: { count: { type: 'string', default: '300' }, viewers: { type: 'string', default: '200' } },
})
const bridge = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url))
const simulator = fileURLToPath(new URL('../dist/hw-sim/cli/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tezio-bench-'))
const WARM_UP = 50

/** Starts a program and resolves with the first line for which `read` finds something. */
function start(args, read) {
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  const found = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const value = read(line)
      if (value !== undefined) resolve(value)
    })
    child.on('exit', (code) => reject(new Error(`${args[0]} ended with ${code}`)))
  })
  return { child, found }
}

function attestation(level) {
  const payload = Buffer.alloc(80)
  payload.write('137a06a770', 'hex')
  randomBytes(32).copy(payload, 5)
  payload[37] = 0x15
  payload.writeUInt32BE(level, 40)
  randomBytes(32).copy(payload, 48)
  return payload
}

function quantiles(times) {
  times.sort((left, right) => left - right)
  const at = (share) => Number(times[Math.min(times.length - 1, Math.floor(share * times.length))].toFixed(2))
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) }
}

let level = 1000
async function signatures(url, key) {
  const times = []
  for (let index = 0; index < WARM_UP + Number(values.count); index += 1) {
    const body = `"${attestation((level += 1)).toString('hex')}"`
    const startedAt = performance.now()
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${url}/keys/${key}`, { method: 'POST', headers, body })
    await response.text()
    if (!response.ok) throw new Error(`the signature failed with ${response.status}`)
    if (index >= WARM_UP) times.push(performance.now() - startedAt)
  }
  return quantiles(times)
}

/** Opens a stream and reads whatever comes. */
function view(url) {
  return new Promise((resolve, reject) => {
    const asked = get(`${url}/api/events`, { agent: false }, (response) => {
      response.resume()
      response.on('error', () => undefined)
      resolve(asked)
    })
    asked.on('error', reject)
  })
}

/** Renders what the daemon shows now, over and over. */
async function rendering(admin) {
  const report = await (await fetch(`${admin}/api/status`)).json()
  const { latencies } = await (await fetch(`${admin}/api/latencies`)).json()
  const mark = report.marks[0]
  const full = {
    ...report,
    marks: Array.from({ length: 12 }, (_, index) => ({ ...mark, chain: `chain ${index}` })),
  }
  const source = { status: () => full, latencies: () => latencies }
  const [times, rows] = [[], new WeakMap()]
  for (let index = 0; index < 300; index += 1) {
    const startedAt = performance.now()
    takeSnapshot(source, rows)
    if (index >= WARM_UP) times.push(performance.now() - startedAt)
  }
  console.log(`rendered: ${full.decisions.length} decisions, 12 marks, ${latencies.length} latencies`)
  return quantiles(times)
}

try {
  const board = start([simulator, '--link', join(folder, 'tty')], (line) => /^ready (.*)$/.exec(line)?.[1])
  const path = await board.found
  const none = ['--json', '--config', join(folder, 'none')]
  const known = execFileSync(process.execPath, [bridge, 'keys', '--port', path, ...none], {
    encoding: 'utf8',
  })
  const key = JSON.parse(known).keys.find(({ alias }) => alias === 3).address
  const config = join(folder, 'config.yaml')
  const lines = [
    `device: { port: ${path} }`,
    'server: { listen: "127.0.0.1:0" }',
    'admin: { listen: "127.0.0.1:0" }',
    `policy: { signing_keys: { ${key}: { allowed_ops: [0x13] } } }`,
  ]
  writeFileSync(config, lines.join('\n'))
  execFileSync(process.execPath, [bridge, 'init', '--config', config, '--level', '0'])
  const events = {}
  const daemon = start([bridge, 'serve', '--config', config], (line) => {
    const event = JSON.parse(line)
    events[event.event] = event
    return events['device.ready'] && events['server.listening'] && 'up'
  })
  await daemon.found
  const [url, admin] = ['server', 'admin'].map((name) => `http://${events[`${name}.listening`].address}`)
  const alone = await signatures(url, key)
  const render = await rendering(admin)
  const viewers = await Promise.all(Array.from({ length: Number(values.viewers) }, () => view(admin)))
  const watched = await signatures(url, key)
  for (const viewer of viewers) viewer.destroy()
  console.table({
    'signature, nobody looks': alone,
    [`signature, ${viewers.length} viewers`]: watched,
    'one rendering': render,
  })
  for (const { child } of [daemon, board]) {
    child.removeAllListeners('exit')
    child.kill()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
