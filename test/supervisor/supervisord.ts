import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { PROGRAM, type Bench, type LogLine } from '../e2e/daemon.js'
import { Watched } from '../watched.js'
import { install, PLACES } from './install.js'

const LOG_FOLDER = '/var/log/tezio-bridge'

/** The real supervisord with the files that `install.sh` makes, for a daemon on a bench. */
export class Supervisord {
  readonly logFolder: string
  readonly logrotate: string
  readonly #config: string
  readonly #process: Watched<string>
  readonly #log: Watched<LogLine>

  constructor(bench: Bench) {
    const { folder } = bench
    const root = join(folder, 'root')
    this.logFolder = join(folder, 'log')
    this.logrotate = join(folder, 'logrotate')
    this.#config = join(folder, 'supervisord.conf')
    mkdirSync(this.logFolder, { mode: 0o750 })
    const options = ['--prefix', root, '--manager', 'supervisord', '--user', userInfo().username]
    const paths = ['--config', bench.config, '--state-dir', bench.stateDir, '--bin', programOn(bench)]
    const { code, stderr } = install([...options, ...paths])
    if (code !== 0) throw new Error(stderr)
    const put = (file: keyof typeof PLACES, path: string) => {
      const text = readFileSync(join(root, PLACES[file]), 'utf8').replaceAll(LOG_FOLDER, this.logFolder)
      writeFileSync(path, text.replaceAll('/run/supervisord.pid', join(folder, 'supervisord.pid')))
    }
    put('supervisord/tezio-bridge.conf', join(folder, 'tezio-bridge.conf'))
    put('logrotate/tezio-bridge', this.logrotate)
    writeFileSync(this.#config, mainConfig(folder))
    const log = join(this.logFolder, 'tezio-bridge.log')
    writeFileSync(log, '')
    // follows the name: after a rotation it reads the new file
    this.#log = new Watched(
      ['tail', '--follow=name', '--retry', '--quiet', '-n', '+1', log],
      (text) => JSON.parse(text) as LogLine,
    )
    this.#process = new Watched(['supervisord', '-n', '-c', this.#config], (text) => text)
  }

  /** The lines of `event` in the daemon's log so far, as they were read while they were written. */
  linesOf(event: string): readonly LogLine[] {
    return this.#log.lines.filter((line) => line.event === event)
  }

  /** Resolves when the daemon's log has `count` lines of `event`, with the last of these. */
  async line(event: string, count = 1): Promise<LogLine> {
    await this.#log.until(() => this.linesOf(event).length >= count)
    return this.linesOf(event)[count - 1]!
  }

  /** What supervisord itself says, by a word of it. */
  said(words: RegExp): readonly string[] {
    return this.#process.lines.filter((line) => words.test(line))
  }

  async says(words: RegExp, count = 1): Promise<void> {
    await this.#process.until(() => this.said(words).length >= count)
  }

  /** The process id of the daemon that was started as the `count`th. */
  async daemon(count = 1): Promise<number> {
    await this.says(/spawned: 'tezio-bridge'/, count)
    return Number(/pid (\d+)/.exec(this.said(/spawned: 'tezio-bridge'/)[count - 1] ?? '')?.[1])
  }

  ctl(...args: readonly string[]): string {
    return spawnSync('supervisorctl', ['-c', this.#config, ...args], { encoding: 'utf8' }).stdout.trim()
  }

  /** Ends everything where it stands; the daemon dies with supervisord. */
  async close(): Promise<void> {
    await this.#process.kill()
    await this.#log.kill()
  }
}

/** The daemon, on the simulated board's port and with this Node, and ending with supervisord even if that is killed. */
function programOn({ folder, port }: Bench): string {
  const path = join(folder, 'tezio-bridge')
  const daemon = `"${process.execPath}" "${PROGRAM}" "$@" --port "${port.path}"`
  const script = ['#!/bin/sh', `command -v setpriv >/dev/null && exec setpriv --pdeathsig KILL ${daemon}`]
  writeFileSync(path, [...script, `exec ${daemon}`, ''].join('\n'))
  chmodSync(path, 0o755)
  return path
}

/** supervisord as Debian sets it up, in a folder of its own. */
const mainConfig = (folder: string) => `[unix_http_server]
file=${folder}/supervisor.sock
[supervisord]
logfile=${folder}/supervisord.log
pidfile=${folder}/supervisord.pid
childlogdir=${folder}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${folder}/supervisor.sock
[include]
files = ${folder}/tezio-bridge.conf
`
