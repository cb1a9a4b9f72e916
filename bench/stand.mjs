// What the benchmarks share: a folder, a simulated board, a daemon before it, attestations, and quantiles.
import { spawn, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const bridge = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url))
const simulator = fileURLToPath(new URL('../dist/hw-sim/cli/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tezio-bench-'))

/** Rounds before anything is measured. */
export const WARM_UP = 50

/** Removes what the benchmark made. */
export function clear() {
  rmSync(folder, { recursive: true, force: true })
}

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
  const stop = () => {
    child.removeAllListeners('exit')
    child.kill()
  }
  return { found, stop }
}

/** A simulated board: where its port is, and how to stop it. */
export async function startBoard(latency = 'zero') {
  const args = [simulator, '--link', join(folder, 'tty'), '--latency', latency]
  const { found, stop } = start(args, (line) => /^ready (.*)$/.exec(line)?.[1])
  return { path: await found, stop }
}

/** A daemon that signs attestations with the board's tz3 key: the key, and where its listeners are. */
export async function startDaemon(path) {
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
  const { found, stop } = start([bridge, 'serve', '--config', config], (line) => {
    const event = JSON.parse(line)
    events[event.event] = event
    return events['device.ready'] && events['server.listening'] && 'up'
  })
  await found
  const [url, admin] = ['server', 'admin'].map((name) => `http://${events[`${name}.listening`].address}`)
  return { key, url, admin, stop }
}

export function attestation(level) {
  const payload = Buffer.alloc(80)
  payload.write('137a06a770', 'hex')
  randomBytes(32).copy(payload, 5)
  payload[37] = 0x15
  payload.writeUInt32BE(level, 40)
  randomBytes(32).copy(payload, 48)
  return payload
}

/** Of times in ms. */
export function quantiles(times) {
  times.sort((left, right) => left - right)
  const at = (share) => Number(times[Math.min(times.length - 1, Math.floor(share * times.length))].toFixed(3))
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) }
}
