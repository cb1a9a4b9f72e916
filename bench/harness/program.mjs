import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, watch } from 'node:fs'
import { dirname, join } from 'node:path'

/** A file system in memory, where there is one. */
const MEMORY = '/dev/shm'

/**
 * A program with the lines of its output. They go to a file in memory: whoever reads a pipe is woken for each line, and
 * a file on the disk would meet the marks at the journal of the file system.
 */
export class Program {
  #child
  #ended
  #output

  constructor(args, cwd, takesOrders) {
    this.#output = join(mkdtempSync(join(existsSync(MEMORY) ? MEMORY : cwd, 'tezio-bench-')), 'output')
    const fd = openSync(this.#output, 'a')
    this.#child = spawn(process.execPath, args, {
      cwd,
      stdio: ['ignore', fd, 'inherit', ...(takesOrders ? ['ipc'] : [])],
    })
    closeSync(fd)
    this.#ended = new Promise((resolve) => this.#child.once('exit', resolve))
  }

  get pid() {
    return this.#child.pid
  }

  get hasEnded() {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
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

  /** Resolves with what the program answers to an order. One at a time. */
  order = async (order, details = {}) => {
    const answer = once(this.#child, 'message')
    this.#child.send({ id: 0, order, ...details })
    return (await answer)[0]
  }

  stop = async () => {
    this.#child.kill()
    await this.#ended
    rmSync(dirname(this.#output), { recursive: true, force: true })
  }
}
