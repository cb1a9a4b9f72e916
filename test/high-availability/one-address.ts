import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.js'
import { readDocument } from '../docs/documents.js'
import { nginxConfig, spawnNginx, untilServing } from '../supervisor/nginx.js'

/** The real nginx as docs/high-availability.md shows it, before two hosts: one address for a baker that asks once. */
export class OneAddress {
  readonly url: string
  readonly #folder: string
  readonly #child: ChildProcess

  private constructor(folder: string, child: ChildProcess, url: string) {
    this.#folder = folder
    this.#child = child
    this.url = url
  }

  /** Resolves when it serves. The first of the hosts is asked first. */
  static async before(first: string, second: string): Promise<OneAddress> {
    const folder = mkdtempSync(join(tmpdir(), 'tezio-nginx-'))
    mkdirSync(join(folder, 'temp'))
    const port = await freePort()
    const file = join(folder, 'nginx.conf')
    const site = documented()
      .replace('10.0.0.1:6732', first)
      .replace('10.0.0.2:6732', second)
      .replace('127.0.0.1:6731', `127.0.0.1:${port}`)
    writeFileSync(file, nginxConfig(folder, site))
    const child = spawnNginx(folder, file)
    await untilServing(child)
    return new OneAddress(folder, child, `http://127.0.0.1:${port}`)
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.on('close', resolve))
    this.#child.kill('SIGTERM')
    await ended
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** The text of the document, so that nobody copies one that does not work. */
function documented(): string {
  const [, text] = /```nginx\n([^`]+)```/.exec(readDocument('docs/high-availability.md').text) ?? []
  if (text === undefined) throw new Error('docs/high-availability.md shows no nginx')
  return text
}
