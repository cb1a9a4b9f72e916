import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from './install.mjs'

const BRIDGE = join(root, 'dist/src/cli/main.js')
const SIMULATOR = join(root, 'dist/hw-sim/cli/main.js')
const PRELOAD = join(root, 'scripts/soak-http-preload.mjs')

/** Starts a program; resolves with the first line for which `found` gives something. */
function start(args, stdio, found) {
  const child = spawn(process.execPath, args, { stdio })
  const first = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const value = found(line)
      if (value !== undefined) resolve(value)
    })
    child.once('exit', (code) => reject(new Error(`${args.at(-1)} ended with ${code}`)))
  })
  first.catch(() => undefined) // it ends when it is told to
  return { child, first }
}

/** Runs `run` with a daemon and an honest baker, and ends the daemon. `latency` is a model of `tezio-sim`. */
export async function withDaemon(latency, run) {
  const daemon = await startDaemon(latency)
  try {
    return await run(daemon, baker(daemon))
  } finally {
    daemon.close()
  }
}

/** A real daemon with a simulated board in a process of its own. */
async function startDaemon(latency) {
  const folder = mkdtempSync(join(tmpdir(), 'tezio-soak-http-'))
  const config = join(folder, 'config.yaml')
  const children = []
  const launch = (...args) => {
    const { child, first } = start(...args)
    children.push(child)
    return { child, first }
  }
  const close = () => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const board = launch(
      [SIMULATOR, '--link', join(folder, 'tty'), '--latency', latency],
      ['ignore', 'pipe', 'inherit'],
      (line) => /^ready (.*)$/.exec(line)?.[1],
    )
    const path = await board.first
    const keys = JSON.parse(bridge('keys', '--port', path, '--json', '--config', join(folder, 'none'))).keys
    const [authentication, , locked, baking] = keys.map(({ address }) => address)
    writeFileSync(config, configuration({ path, authentication, locked, baking }))
    bridge('init', '--config', config, '--level', '0')
    const events = {}
    const lines = []
    const changes = new EventEmitter()
    const daemon = launch(
      ['--expose-gc', '--import', PRELOAD, BRIDGE, 'serve', '--config', config],
      ['ignore', 'pipe', 'inherit', 'ipc'],
      (text) => {
        const line = JSON.parse(text)
        lines.push(line)
        events[line.event] = line
        changes.emit('line')
        return events['device.ready'] && events['server.listening']?.address
      },
    )
    const port = Number((await daemon.first).split(':')[1])
    /** Resolves when the log has so many lines for which `isMeant` holds. */
    const linesWith = async (isMeant, count) => {
      while (lines.filter(isMeant).length < count) await once(changes, 'line')
    }
    const order = orders(daemon.child)
    return { folder, port, pid: daemon.child.pid, lines, linesWith, locked, baking, close, order }
  } catch (error) {
    close()
    throw error
  }
}

function bridge(...args) {
  return execFileSync(process.execPath, [BRIDGE, ...args], { encoding: 'utf8' })
}

/** `locked` wants its requests signed; `baking` does not. */
function configuration({ path, authentication, locked, baking }) {
  return [
    `device: { port: ${path} }`,
    'server: { listen: "127.0.0.1:0" }',
    'admin: { listen: "127.0.0.1:0" }',
    'policy:',
    '  signing_keys:',
    `    ${baking}: { allowed_ops: [0x03, 0x13], auth_req: false }`,
    `    ${locked}: { allowed_ops: [0x03], auth_req: true }`,
    `  auth_key: { pkh: ${authentication}, curve_alias: 0 }`,
  ].join('\n')
}

/** Asks the preload in the daemon's process for something. */
function orders(child) {
  let next = 0
  const waiting = new Map()
  child.on('message', ({ id, ...answer }) => {
    waiting.get(id)?.(answer)
    waiting.delete(id)
  })
  return (order, rest = {}) =>
    new Promise((resolve) => {
      next += 1
      waiting.set(next, resolve)
      child.send({ id: next, order, ...rest })
    })
}

/** An attestation of a level, as one JSON string with its end. */
function attestation(level) {
  const payload = randomBytes(80)
  payload.write('137a06a770', 'hex')
  payload[37] = 0x15
  payload.writeUInt32BE(level, 40)
  payload.writeUInt32BE(0, 44)
  return `"${payload.toString('hex')}"\n`
}

/** An honest baker: each call is one signature of the next level over a new connection; how long it took, in ms. */
function baker({ port, baking }) {
  let level = 0
  return async () => {
    level += 1
    const body = attestation(level)
    const startedAt = performance.now()
    const { status, text } = await ask(port, `/keys/${baking}?version=3`, body)
    const ms = performance.now() - startedAt
    if (status !== 200) throw new Error(`level ${level}: ${status} ${text}`)
    return ms
  }
}

/** Posts over a connection of its own. */
export function ask(port, path, body) {
  const headers = { 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path, method: 'POST', headers, agent: false },
      (response) => {
        let text = ''
        response.on('data', (part) => (text += part))
        response.on('end', () => resolve({ status: response.statusCode, text }))
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}
