import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '../free-port.js'
import { alone } from '../e2e/daemon.js'
import { shipped } from './install.js'

const FILE = 'nginx/tezio-bridge.conf'
export const SERVER_NAME = 'signer.example.org'

/** A key and a certificate, as files and as text. */
type Identity = {
  readonly keyFile: string
  readonly certificateFile: string
  readonly key: string
  readonly cert: string
}

/** A certificate that signs itself: what it authorises is itself alone. */
export function makeIdentity(folder: string, name: string): Identity {
  const [keyFile, certificateFile] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile]
  const name509 = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  const args = ['req', '-x509', ...key, ...name509, '-days', '2', '-out', certificateFile]
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl: ${stderr}`)
  const text = (path: string) => readFileSync(path, 'utf8')
  return { keyFile, certificateFile, key: text(keyFile), cert: text(certificateFile) }
}

export type Answer = { readonly status: number; readonly body: string }

/** How a client asks. */
export type Asking = {
  readonly method?: string
  readonly body?: string
  readonly identity?: Identity
  /** The loopback address to ask from. */
  readonly from?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** The real nginx with the shipped example, before `upstreams`. */
export class Nginx {
  readonly server: Identity
  readonly client: Identity
  readonly #port: number
  readonly #child: ChildProcess

  private constructor(folder: string, upstreams: readonly string[], port: number) {
    this.#port = port
    this.server = makeIdentity(folder, SERVER_NAME)
    this.client = makeIdentity(folder, 'baker')
    const file = join(folder, 'nginx.conf')
    writeFileSync(join(folder, 'tezio-bridge.conf'), this.#example(upstreams))
    writeFileSync(file, nginxConfig(folder, `include ${folder}/tezio-bridge.conf;`))
    this.#child = spawnNginx(folder, file)
  }

  /** Resolves when it serves. */
  static async start(folder: string, upstreams: readonly string[]): Promise<Nginx> {
    mkdirSync(join(folder, 'temp'))
    const nginx = new Nginx(folder, upstreams, await freePort())
    await untilServing(nginx.#child)
    return nginx
  }

  /** The shipped text, with what its comments tell to change. */
  #example(upstreams: readonly string[]): string {
    const replace = (text: string, was: string, is: string) => {
      if (!text.includes(was)) throw new Error(`${FILE} has no ${was}`)
      return text.replaceAll(was, is)
    }
    const servers = upstreams.map((one) => `server ${one} max_fails=0;`).join(' ')
    const changes: readonly (readonly [string, string])[] = [
      ['listen 10.0.0.5:6732 ssl;', `listen 127.0.0.1:${this.#port} ssl;`],
      ['server 127.0.0.1:6732 max_fails=0;', servers],
      ['/etc/tezio-bridge/tls/server.crt', this.server.certificateFile],
      ['/etc/tezio-bridge/tls/server.key', this.server.keyFile],
      ['/etc/tezio-bridge/tls/clients.crt', this.client.certificateFile],
    ]
    return changes.reduce((text, [was, is]) => replace(text, was, is), shipped(FILE))
  }

  ask(path: string, { method = 'GET', body, identity, from, headers = {} }: Asking = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          ...{ host: '127.0.0.1', port: this.#port, servername: SERVER_NAME, path, method, agent: false },
          headers: { host: SERVER_NAME, 'content-type': 'application/json', ...headers },
          ca: this.server.cert,
          ...(identity === undefined ? {} : { key: identity.key, cert: identity.cert }),
          ...(from === undefined ? {} : { localAddress: from }),
        },
        (response) => {
          let text = ''
          response.on('data', (chunk: Buffer) => (text += chunk.toString()))
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, body: text })
          })
        },
      )
      asked.on('error', reject)
      asked.end(body)
    })
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.on('close', resolve))
    this.#child.kill('SIGTERM')
    await ended
  }
}

/** What stands around `inside`, which belongs into `http { }`: all that nginx writes is below `folder`. */
export const nginxConfig = (folder: string, inside: string) => `daemon off;
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
  ${inside}
}
`

/** Starts nginx with a file below `folder`, where a folder `temp` is. */
export function spawnNginx(folder: string, file: string): ChildProcess {
  return spawn(...alone(['nginx', '-p', folder, '-c', file, '-e', 'stderr']), {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** Resolves when it serves; rejects with what it said when it ended instead. */
export async function untilServing({ stderr }: ChildProcess): Promise<void> {
  const said: string[] = []
  if (stderr === null) throw new Error('nobody hears nginx')
  for await (const line of createInterface({ input: stderr })) {
    said.push(line)
    if (line.includes('start worker process ')) return
  }
  throw new Error(`nginx did not start: ${said.join('\n')}`)
}
