import { stripVTControlCharacters } from 'node:util'
import { spawn, type IPty } from '@lydell/node-pty'
import { ALONE } from '../../e2e/daemon.js'

/** Keys as a terminal sends them. */
export const KEY = { enter: '\r', down: '\u001b[B', space: ' ', ctrlC: '\u0003', ctrlD: '\u0004' } as const

/**
 * A program with a real terminal of its own, and a person who reads it and types. node-pty's `spawn` makes the program
 * the leader of its session; its `destroy` is not used, for it sends SIGHUP.
 */
export class Terminal {
  readonly exit: Promise<number>
  readonly #pty: IPty
  readonly #waiting = new Set<() => void>()
  #text = ''
  #read = 0
  #hasExited = false

  constructor(command: readonly string[], cwd: string) {
    const env = { ...process.env, TERM: 'xterm-256color' }
    this.#pty = spawn('bash', ['-c', ALONE, 'bash', ...command], { cols: 200, rows: 200, cwd, env })
    this.#pty.onData((data) => {
      this.#text += stripVTControlCharacters(data)
      this.#wake()
    })
    this.exit = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode }) => {
        this.#hasExited = true
        this.#wake()
        resolve(exitCode)
      })
    })
  }

  get pid(): number {
    return this.#pty.pid
  }

  /** All that was shown so far, without colours and movements. */
  get text(): string {
    return this.#text
  }

  /** Resolves when the program has shown `text` since the last call; rejects when it ends without. */
  async shows(text: string): Promise<void> {
    for (;;) {
      const at = this.#text.indexOf(text, this.#read)
      if (at !== -1) {
        this.#read = at + text.length
        return
      }
      if (this.#hasExited) throw new Error(`it ended without "${text}":\n${this.#text}`)
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  type(keys: string): void {
    this.#pty.write(keys)
  }

  /** Ends the program, if it has not ended. */
  async close(): Promise<void> {
    if (!this.#hasExited) process.kill(this.#pty.pid, 'SIGKILL')
    await this.exit
  }

  #wake(): void {
    for (const resolve of [...this.#waiting]) resolve()
    this.#waiting.clear()
  }
}
