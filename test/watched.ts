import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { alone } from './e2e/daemon.js'

/** A process whose lines can be waited for. It has nothing open of this process, and dies with it. */
export class Watched<Line> {
  readonly lines: Line[] = []
  readonly #child: ChildProcess
  readonly #waiting = new Set<() => void>()

  constructor(command: readonly string[], read: (text: string) => Line) {
    this.#child = spawn(...alone(command), { stdio: ['ignore', 'pipe', 'ignore'] })
    createInterface({ input: this.#child.stdout! }).on('line', (text) => {
      this.lines.push(read(text))
      for (const resolve of this.#waiting) resolve()
      this.#waiting.clear()
    })
  }

  async until(check: (lines: readonly Line[]) => boolean): Promise<void> {
    while (!check(this.lines)) await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  async kill(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.on('close', resolve))
    this.#child.kill('SIGKILL')
    await ended
  }
}
