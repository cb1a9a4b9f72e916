// What the bridge adds to a signature: the requests of an Octez baker against a bare exchange on the same kind of port.
// Run `npm run build` first, then `node bench/octez-sequence.mjs [--count 500] [--latency zero|board]`.
import { spawn, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { SerialPort } from 'serialport'
import { encodeCommand, scanReply, sign } from '../dist/src/device/tezio/index.js'

const { values } = parseArgs({
  options: { count: { type: 'string', default: '500' }, latency: { type: 'string', default: 'zero' } },
})
const count = Number(values.count)
const dist = fileURLToPath(new URL('../dist', import.meta.url))
const bridge = join(dist, 'src/cli/main.js')
const simulator = join(dist, 'hw-sim/cli/main.js')
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

function ask(port, method, path, body) {
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined ? {} : { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }
    const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk) => (text += chunk))
      response.on('end', () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`${response.statusCode} ${text}`)),
      )
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

async function measure(run) {
  for (let index = 0; index < WARM_UP; index += 1) await run(index)
  const times = []
  for (let index = 0; index < count; index += 1) {
    const startedAt = performance.now()
    await run(WARM_UP + index)
    times.push(performance.now() - startedAt)
  }
  times.sort((left, right) => left - right)
  const at = (share) => Number(times[Math.min(times.length - 1, Math.floor(share * times.length))].toFixed(3))
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) }
}

async function bareExchange() {
  const { child, found } = start(
    [simulator, '--link', join(folder, 'bare'), '--latency', values.latency],
    (line) => /^ready (.*)$/.exec(line)?.[1],
  )
  const port = new SerialPort({ path: await found, baudRate: 57600, autoOpen: false })
  await new Promise((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())))
  let received = Buffer.alloc(0)
  let answered = () => undefined
  port.on('data', (bytes) => {
    received = Buffer.concat([received, bytes])
    if (scanReply(received, [5, 68]).kind === 'reply') answered()
  })
  const result = await measure(async (index) => {
    received = Buffer.alloc(0)
    const answer = new Promise((resolve) => (answered = resolve))
    port.write(Buffer.from(encodeCommand(sign.encode({ alias: 3, message: attestation(1000 + index) }))))
    await answer
  })
  await new Promise((resolve) => port.close(resolve))
  child.removeAllListeners('exit')
  child.kill()
  return result
}

async function throughBridge() {
  const board = start(
    [simulator, '--link', join(folder, 'tty'), '--latency', values.latency],
    (line) => /^ready (.*)$/.exec(line)?.[1],
  )
  const path = await board.found
  const { keys } = JSON.parse(
    execFileSync(
      process.execPath,
      [bridge, 'keys', '--port', path, '--json', '--config', join(folder, 'none')],
      { encoding: 'utf8' },
    ),
  )
  const key = keys.find(({ alias }) => alias === 3).address
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
    return events['device.ready'] && events['server.listening']?.address
  })
  const port = (await daemon.found).split(':')[1]
  const result = await measure(async (index) => {
    await ask(port, 'GET', '/authorized_keys')
    await ask(port, 'POST', `/keys/${key}?version=3`, `"${attestation(1000 + index).toString('hex')}"\n`)
  })
  for (const { child } of [daemon, board]) {
    child.removeAllListeners('exit')
    child.kill()
  }
  return result
}

try {
  const bare = await bareExchange()
  const sequence = await throughBridge()
  console.table({ 'bare serialport SIGN': bare, 'GET + POST through the bridge': sequence })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
