// What is measured, as its users start it: programs of their own, on a real pseudo-terminal and real files.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Program } from './program.mjs'

const program = (name) => fileURLToPath(new URL(`../../dist/${name}/cli/main.js`, import.meta.url))
const BRIDGE = program('src')
const SIMULATOR = program('hw-sim')
const PLAIN_SERVER = fileURLToPath(new URL('./plain-server.mjs', import.meta.url))
const BARE_RELAY = fileURLToPath(new URL('./bare-relay.mjs', import.meta.url))
/** Does in a daemon's process what it is told by messages. */
const PRELOAD = new URL('../../scripts/soak-http-preload.mjs', import.meta.url).href
const ONLOOKERS = fileURLToPath(new URL('./onlookers.mjs', import.meta.url))
/** What a key that bakes may sign. */
const BAKING = [0x11, 0x12, 0x13]

/**
 * A temporary folder with what was started in it. `close` ends all of it.
 * Everything rejects, with the end of the program's output, when a program ends that should run.
 */
export class Stand {
  #folder = mkdtempSync(join(tmpdir(), 'tezio-bench-'))
  #children = new Set()
  #count = 0

  /** A new path in the folder. */
  path(name) {
    this.#count += 1
    return join(this.#folder, `${this.#count}-${name}`)
  }

  /** A simulated board: `{ path, stop }`. */
  async board(latency = 'zero', args = []) {
    const link = this.path('tty')
    const child = this.#start(SIMULATOR, ['--link', link, '--latency', latency, ...args])
    await child.until((line) => /^ready /.test(line))
    return { path: link, pid: child.pid, stop: child.stop }
  }

  /** An HTTP server that does nothing but answer: `{ port, stop }`. */
  plainServer() {
    return this.#server(PLAIN_SERVER, [])
  }

  /** A server that hands what it is sent to a board and answers with what comes back: `{ port, stop }`. */
  bareRelay({ path }) {
    return this.#server(BARE_RELAY, [path])
  }

  async #server(program, args) {
    const child = this.#start(program, args)
    const line = await child.until((text) => /^port /.test(text))
    return { port: Number(line.split(' ')[1]), stop: child.stop }
  }

  /** The addresses of a board's keys, by alias. */
  keys(path) {
    const args = ['keys', '--port', path, '--json', '--config', join(this.#folder, 'none')]
    const { keys } = JSON.parse(this.#run(args))
    return Object.fromEntries(keys.map(({ alias, address }) => [alias, address]))
  }

  /**
   * A daemon on a board's port: `{ keys, key, url, port, admin, pid, log, events, stop }`. `aliases` says which keys
   * bake, `config` has further sections, and `state` makes the state directory in place of `init` at level 0.
   */
  async daemon(board, options = {}) {
    const { path, keys } = this.configure(board, options)
    return this.serve(path, keys, options)
  }

  /** The configuration and state of a daemon that does not run yet. */
  configure(board, { aliases = [3], allowed = BAKING, config = {}, state } = {}) {
    const known = this.keys(board.path)
    const keys = aliases.map((alias) => known[alias])
    const path = this.path('config.yaml')
    const stateDir = `${path}.state`
    const content = {
      device: { port: board.path },
      server: { listen: '127.0.0.1:0' },
      admin: { listen: '127.0.0.1:0' },
      state_dir: stateDir,
      policy: { signing_keys: Object.fromEntries(keys.map((key) => [key, { allowed_ops: allowed }])) },
      ...config,
    }
    writeFileSync(path, JSON.stringify(content)) // JSON is YAML
    if (state === undefined) this.#run(['init', '--config', path, '--level', '0'])
    else state(stateDir, keys)
    return { path, keys, stateDir }
  }

  /**
   * Starts a daemon that is configured; resolves when it is ready to sign. One that `takesOrders` has `order`, for the
   * orders of scripts/soak-http-preload.mjs.
   */
  async serve(path, keys, { nodeArgs = [], takesOrders = false } = {}) {
    const loaded = takesOrders ? ['--import', PRELOAD] : []
    const child = this.#start(BRIDGE, ['serve', '--config', path], [...nodeArgs, ...loaded], takesOrders)
    const events = {}
    await child.until((line) => {
      const event = JSON.parse(line)
      events[event.event] = event
      return ['device.ready', 'server.listening', 'admin.listening'].every((name) => name in events)
    })
    const url = `http://${events['server.listening'].address}`
    const admin = `http://${events['admin.listening'].address}`
    const log = () => child.lines().map((line) => JSON.parse(line))
    const { pid, stop, order } = child
    return { keys, key: keys[0], url, port: Number(new URL(url).port), admin, pid, log, events, stop, order }
  }

  /** Somebody who looks on (bench/harness/onlookers.mjs), at work when it resolves. `stop` rejects when it ended early. */
  async onlooker(...args) {
    const child = this.#start(ONLOOKERS, args)
    await child.until((line) => line === 'at work')
    const stop = async () => {
      if (child.hasEnded) throw new Error(`who looks on ended early: ${args.join(' ')}`)
      await child.stop()
    }
    return { stop }
  }

  /** Ends everything and removes the folder. */
  async close() {
    await Promise.all([...this.#children].map((child) => child.stop()))
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #run(args) {
    return execFileSync(process.execPath, [BRIDGE, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  }

  #start(path, args, nodeArgs = [], takesOrders = false) {
    const child = new Program([...nodeArgs, path, ...args], this.#folder, takesOrders)
    this.#children.add(child)
    return child
  }
}
