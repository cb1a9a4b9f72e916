// What is measured, as its users start it: programs of their own, on a real pseudo-terminal and real files.
import { execFileSync, spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const program = (name) => fileURLToPath(new URL(`../../dist/${name}/cli/main.js`, import.meta.url))
const BRIDGE = program('src')
const SIMULATOR = program('hw-sim')
const PLAIN_SERVER = fileURLToPath(new URL('./plain-server.mjs', import.meta.url))
/** A file system in memory, where there is one. */
const MEMORY = '/dev/shm'
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
  async plainServer() {
    const child = this.#start(PLAIN_SERVER, [])
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

  /** Starts a daemon that is configured; resolves when it is ready to sign. */
  async serve(path, keys, { nodeArgs = [] } = {}) {
    const child = this.#start(BRIDGE, ['serve', '--config', path], nodeArgs)
    const events = {}
    await child.until((line) => {
      const event = JSON.parse(line)
      events[event.event] = event
      return ['device.ready', 'server.listening', 'admin.listening'].every((name) => name in events)
    })
    const url = `http://${events['server.listening'].address}`
    const admin = `http://${events['admin.listening'].address}`
    const log = () => child.lines().map((line) => JSON.parse(line))
    const { pid, stop } = child
    return { keys, key: keys[0], url, port: Number(new URL(url).port), admin, pid, log, events, stop }
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

  #start(path, args, nodeArgs = []) {
    const child = new Child([...nodeArgs, path, ...args], this.#folder)
    this.#children.add(child)
    return child
  }
}

/**
 * A program with the lines of its output. They go to a file in memory: whoever reads a pipe is woken for each line, and
 * a file on the disk would meet the marks at the journal of the file system.
 */
class Child {
  #child
  #ended
  #output

  constructor(args, cwd) {
    this.#output = join(mkdtempSync(join(existsSync(MEMORY) ? MEMORY : cwd, 'tezio-bench-')), 'output')
    const fd = openSync(this.#output, 'a')
    this.#child = spawn(process.execPath, args, { cwd, stdio: ['ignore', fd, 'inherit'] })
    closeSync(fd)
    this.#ended = new Promise((resolve) => this.#child.once('exit', resolve))
  }

  get pid() {
    return this.#child.pid
  }

  /** Every whole line that was written so far. */
  lines() {
    return readFileSync(this.#output, 'utf8').split('\n').slice(0, -1)
  }

  /** Resolves with the first line, also of those that came already, that `isWanted`. */
  async until(isWanted) {
    let seen = 0
    const wanted = new Promise((resolve, reject) => {
      const look = () => {
        const lines = this.lines()
        const found = lines.slice(seen).find(isWanted)
        seen = lines.length
        if (found === undefined) return
        watcher.close()
        resolve(found)
      }
      const watcher = watch(this.#output, look)
      void this.#ended.then((code) => {
        watcher.close()
        reject(new Error(`a program ended with ${code}: ${this.lines().slice(-3).join('\n')}`))
      })
      look()
    })
    return wanted
  }

  stop = async () => {
    this.#child.kill()
    await this.#ended
    rmSync(dirname(this.#output), { recursive: true, force: true })
  }
}
