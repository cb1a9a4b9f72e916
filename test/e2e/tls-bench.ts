import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request, type Agent } from 'node:https'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { Authority, type Identity } from '../certificates.js'
import { ADDRESS, Bench, type Daemon, type LogLine } from './daemon.js'

/** What an answer was: its status, and its body as JSON. */
export type TlsAnswer = { readonly status: number; readonly body: unknown }

export type Asking = {
  readonly payload?: Uint8Array
  readonly identity?: Identity | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly query?: string
  readonly agent?: Agent
}

/** A daemon's files: an authority, its certificate, and those of clients. */
export class TlsBench {
  readonly bench: Bench
  readonly authority: Authority
  readonly server: Identity
  readonly clients: Authority
  readonly baker: Identity

  constructor() {
    this.bench = new Bench('')
    this.authority = new Authority(this.bench.folder, 'server-ca')
    this.clients = new Authority(this.bench.folder, 'client-ca')
    this.server = this.authority.issue({ name: 'signer' })
    this.baker = this.clients.issue({ name: 'baker' })
  }

  /** Writes a configuration; relative files are those of the bench's folder. */
  configure({ tls = this.tls(), policy = '', key = '', top = '' }: Parts = {}): void {
    writeFileSync(
      this.bench.config,
      `${top}
server: { listen: "127.0.0.1:0"${tls === '' ? '' : `, tls: ${tls}`} }
admin: { listen: "127.0.0.1:0" }
high_water_marks:
  level: { 0x11: 0, 0x12: 0, 0x13: 0 }
policy:
  signing_keys:
    ${ADDRESS.tz3}: { allowed_ops: [0x03, 0x11, 0x12, 0x13]${key} }
${policy}
`,
    )
  }

  /** `server.tls` with the bench's own files; with an authority of clients it is mutual. */
  tls(server = this.server, clientCa?: Authority): string {
    const ca = clientCa === undefined ? '' : `, client_ca: "${clientCa.identity.certFile}"`
    return `{ cert: "${server.certFile}", key: "${server.keyFile}"${ca} }`
  }

  async started(): Promise<{ readonly daemon: Daemon; readonly port: number }> {
    const made = await this.bench.init()
    if (made.code !== 0) throw new Error(made.stderr)
    const daemon = await this.bench.started()
    return { daemon, port: Number(new URL(await daemon.url()).port) }
  }

  /** Tells the daemon to read its files again, and what it says to that. */
  async reload(daemon: Daemon): Promise<LogLine> {
    const from = daemon.lines.length
    daemon.kill('SIGHUP')
    await daemon.until((lines) =>
      lines.slice(from).some(({ event = '' }) => /^config\.reload(?:ed|-refused)$/.test(event)),
    )
    return daemon.lines.slice(from).find(({ event = '' }) => event.startsWith('config.reload'))!
  }

  /** A signature by the tz3 key where there is a payload, else a GET. */
  ask(port: number, path: string, asking: Asking = {}, authority = this.authority): Promise<TlsAnswer> {
    const { payload, identity, headers = {}, query = '', agent = false } = asking
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          ...{ host: '127.0.0.1', port, path: `${path}${query}`, agent, ca: authority.identity.cert },
          ...{ method: payload === undefined ? 'GET' : 'POST' },
          headers: { 'content-type': 'application/json', ...headers },
          ...(identity === undefined ? {} : { key: identity.key, cert: identity.cert }),
        },
        (response) => {
          let text = ''
          response.on('data', (chunk: Buffer) => (text += chunk.toString()))
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as unknown })
          })
        },
      )
      asked.on('error', reject)
      asked.end(payload && JSON.stringify(Buffer.from(payload).toString('hex')))
    })
  }

  sign(port: number, payload: Uint8Array, asking: Asking = {}): Promise<TlsAnswer> {
    return this.ask(port, `/keys/${ADDRESS.tz3}`, { ...asking, payload })
  }

  /** A connection on which nothing is sent yet. */
  async connection(port: number): Promise<TLSSocket> {
    const socket = connect({ port, host: '127.0.0.1', ca: this.authority.identity.cert })
    await once(socket, 'secureConnect')
    return socket
  }

  file(name: string, text: string, mode = 0o600): string {
    const path = join(this.bench.folder, name)
    writeFileSync(path, text, { mode })
    return path
  }
}

/** The parts of a configuration that tests change. */
export type Parts = {
  readonly tls?: string
  /** Lines of `policy`, indented by two. */
  readonly policy?: string
  /** The rest of the key's flow mapping, with a comma before it. */
  readonly key?: string
  readonly top?: string
}

/** The code word of a refusal. */
export function codeOf({ body }: TlsAnswer): string {
  return Array.isArray(body) ? (body as [{ msg: string }])[0].msg.split(':')[0]! : 'signed'
}
