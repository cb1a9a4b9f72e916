import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Client } from 'pg'
import { freePort } from '../../free-port.js'
import { systemErrorCode } from '../../../src/system-error.js'
import { alone } from '../../e2e/daemon.js'

const VERSIONS = '/usr/lib/postgresql'
export const PASSWORD = 'correct horse battery staple'

/** PostgreSQL refuses root: then it runs as the user that Debian's package makes. */
const AS_SOMEBODY =
  process.getuid?.() === 0
    ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', '--pdeathsig=KILL', '--']
    : []

function program(name: string): string {
  const versions = readdirSync(VERSIONS).sort((left, right) => Number(left) - Number(right))
  return join(VERSIONS, versions.at(-1)!, 'bin', name)
}

/** A command line of the server's user; what goes on dies with this process. */
function command(...line: readonly string[]): readonly [program: string, args: readonly string[]] {
  const [first = '', ...rest] = [...AS_SOMEBODY, ...line]
  return [first, rest]
}

function runAny(...line: readonly string[]): void {
  const { status, stderr } = spawnSync(...command(...line), { encoding: 'utf8', cwd: '/' })
  if (status !== 0) throw new Error(`${line[0]}: ${stderr}`)
}

function run(name: string, ...args: readonly string[]): void {
  runAny(program(name), ...args)
}

/** The superuser's name of every cluster. */
export const SUPERUSER = 'owner'

/** A real server with a data directory of its own, on loopback and a socket in its folder. */
export class Cluster {
  readonly folder: string
  readonly port: number
  readonly passfile: string
  #child: ChildProcess | undefined
  #ended: Promise<unknown> = Promise.resolve()

  private constructor(folder: string, port: number) {
    this.folder = folder
    this.port = port
    this.passfile = join(folder, 'pgpass')
    this.writePassfile(PASSWORD)
  }

  /** A new, empty cluster, started. */
  static async make(settings: Readonly<Record<string, string>> = {}): Promise<Cluster> {
    const cluster = await Cluster.#place()
    const pwfile = join(cluster.folder, 'password')
    writeFileSync(pwfile, PASSWORD, { mode: 0o644 })
    run(
      'initdb',
      ...['-D', cluster.data, '-U', SUPERUSER, '-A', 'scram-sha-256', `--pwfile=${pwfile}`],
      ...['--no-sync', '--no-locale', '-E', 'UTF8'],
    )
    rmSync(pwfile)
    appendFileSync(join(cluster.data, 'pg_hba.conf'), 'host replication all 127.0.0.1/32 scram-sha-256\n')
    cluster.configure({ max_connections: '40', shared_buffers: '16MB', max_wal_senders: '5', ...settings })
    await cluster.start()
    return cluster
  }

  /** A standby of another cluster that streams under a name, started. */
  static async standbyOf(primary: Cluster, name: string): Promise<Cluster> {
    const cluster = await Cluster.#place()
    const passfile = primary.ownFile('pgpass-standby', `*:*:*:*:${PASSWORD}\n`)
    const from = `host=127.0.0.1 port=${primary.port} user=${SUPERUSER} passfile=${passfile} application_name=${name}`
    run('pg_basebackup', '-D', cluster.data, '-d', from, '-R', '-X', 'stream', '-c', 'fast', '--no-sync')
    await cluster.start()
    return cluster
  }

  /** Lets a cluster listen on one more address; ends with what undoes it. */
  static async listeningOn(cluster: Cluster, address: string): Promise<() => Promise<void>> {
    const hba = join(cluster.data, 'pg_hba.conf')
    const before = readFileSync(hba)
    appendFileSync(hba, 'host all all 127.0.0.0/8 scram-sha-256\n')
    await cluster.stop('SIGINT')
    await cluster.start(`127.0.0.1,${address}`)
    return async () => {
      writeFileSync(hba, before)
      await cluster.stop('SIGINT')
      await cluster.start()
    }
  }

  static async #place(): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), 'tezio-pg-'))
    chmodSync(folder, 0o777)
    return new Cluster(folder, await freePort())
  }

  get data(): string {
    return join(this.folder, 'data')
  }

  /** A url of it; the parameters come behind the mode of TLS. */
  url(user = SUPERUSER, parameters = 'sslmode=disable'): string {
    return `postgresql://${user}@127.0.0.1:${this.port}/postgres?${parameters}`
  }

  writePassfile(password: string): void {
    writeFileSync(this.passfile, `*:*:*:*:${password}\n`, { mode: 0o600 })
  }

  /** A file that only the server's own user reads; its path. */
  ownFile(name: string, text: string): string {
    const path = join(this.folder, name)
    writeFileSync(`${path}.open`, text)
    runAny('sh', '-c', `umask 077; cat ${path}.open > ${path}`)
    rmSync(`${path}.open`)
    return path
  }

  /** What the owner gets for one statement, over a connection of its own. */
  async sql(text: string): Promise<readonly Record<string, unknown>[]> {
    const session = await this.session()
    try {
      return (await session.query<Record<string, unknown>>(text)).rows
    } finally {
      await session.end()
    }
  }

  /** A connection of the owner. */
  async session(): Promise<Client> {
    const where = { host: '127.0.0.1', port: this.port, database: 'postgres' }
    const client = new Client({ ...where, user: SUPERUSER, password: PASSWORD })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }

  /** Takes effect at the next start or reload; later ones win. */
  configure(settings: Readonly<Record<string, string>>): void {
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`)
    appendFileSync(join(this.data, 'postgresql.conf'), lines.join(''))
  }

  /** Resolves when it lets connections in. */
  async start(addresses = '127.0.0.1'): Promise<void> {
    const line = [
      ...[program('postgres'), '-D', this.data, '-k', this.folder, '-p', String(this.port)],
      ...['-c', `listen_addresses=${addresses}`, '-c', 'logging_collector=off'],
    ]
    const child = spawn(...alone(command(...line).flat()), { stdio: ['ignore', 'ignore', 'pipe'], cwd: '/' })
    this.#child = child
    this.#ended = new Promise((resolve) => child.once('close', resolve))
    const log: string[] = []
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        log.push(line)
        if (/ready to accept (read-only )?connections/.test(line)) resolve()
      })
      void this.#ended.then(() => {
        reject(new Error(`postgres ended: ${log.join('\n')}`))
      })
    })
  }

  /** `SIGQUIT` is pg_ctl's immediate stop, `SIGINT` its fast one. Resolves when it has ended. */
  async stop(signal: NodeJS.Signals = 'SIGQUIT'): Promise<void> {
    // Its children notice the end of their parent by themselves, but not at once, and hold its memory until then.
    const pids = signal === 'SIGKILL' ? this.#pids() : [this.#child?.pid ?? 0]
    this.#signal(signal, pids)
    await this.#ended
    if (signal === 'SIGKILL') rmSync(join(this.data, 'postmaster.pid'), { force: true })
  }

  /** Every process of it stands still. */
  freeze(): void {
    this.#signal('SIGSTOP', this.#pids())
  }

  thaw(): void {
    this.#signal('SIGCONT', this.#pids())
  }

  promote(): void {
    run('pg_ctl', 'promote', '-w', '-D', this.data)
  }

  reload(): void {
    run('pg_ctl', 'reload', '-D', this.data)
  }

  /** Whoever comes over TCP needs a certificate while `work` goes on, and nothing else. */
  async requireClientCertificates(work: () => Promise<void>): Promise<void> {
    const hba = join(this.data, 'pg_hba.conf')
    const before = readFileSync(hba)
    writeFileSync(hba, 'hostssl all all 127.0.0.1/32 cert\n')
    this.reload()
    try {
      await work()
    } finally {
      writeFileSync(hba, before)
      this.reload()
    }
  }

  /** A copy of the data directory; only of one that is stopped. */
  saveData(): void {
    this.#copy(this.data, join(this.folder, 'saved'))
  }

  /** Puts the copy back; only for one that is stopped. */
  restoreData(): void {
    rmSync(this.data, { recursive: true })
    this.#copy(join(this.folder, 'saved'), this.data)
  }

  async remove(): Promise<void> {
    if (this.#child?.exitCode === null && this.#child.signalCode === null) {
      this.thaw()
      await this.stop()
    }
    rmSync(this.folder, { recursive: true, force: true })
  }

  #copy(from: string, to: string): void {
    if (existsSync(to)) rmSync(to, { recursive: true })
    runAny('cp', '-a', from, to)
  }

  /** A process that ended meanwhile needs none. */
  #signal(signal: NodeJS.Signals, pids: readonly number[]): void {
    for (const pid of pids) {
      try {
        process.kill(pid, signal)
      } catch (error) {
        if (systemErrorCode(error) !== 'ESRCH') throw error
      }
    }
  }

  #pids(): readonly number[] {
    const own = this.#child?.pid
    if (own === undefined) return []
    const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(own)], { encoding: 'utf8' })
    return [
      ...stdout
        .trim()
        .split(/\s+/)
        .filter((text) => text !== '')
        .map(Number),
      own,
    ]
  }
}
