import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '../free-port.js'
import { alone } from '../e2e/daemon.js'
import { readDocument } from '../docs/documents.js'

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
    writeFileSync(file, mainConfig(folder, site))
    const child = spawn(...alone(['nginx', '-p', folder, '-c', file, '-e', 'stderr']), {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const said: string[] = []
    for await (const line of createInterface({ input: child.stderr })) {
      said.push(line)
      if (line.includes('start worker process ')) {
        return new OneAddress(folder, child, `http://127.0.0.1:${port}`)
      }
    }
    throw new Error(`nginx did not start: ${said.join('\n')}`)
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

const mainConfig = (folder: string, site: string) => `daemon off;
${userInfo().uid === 0 ? 'user root;' : ''}
pid ${folder}/nginx.pid;
error_log stderr notice;
worker_processes 1;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/temp/body;
  proxy_temp_path ${folder}/temp/proxy;
  fastcgi_temp_path ${folder}/temp/fastcgi;
  uwsgi_temp_path ${folder}/temp/uwsgi;
  scgi_temp_path ${folder}/temp/scgi;
  ${site}
}
`
