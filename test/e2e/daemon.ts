import { execFile, spawn, type ChildProcessByStdio } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import {
  createSimulatedTezio,
  openPseudoTerminal,
  type PseudoTerminal,
  type SimulatedTezio,
} from '../../hw-sim/index.js'
import { transcriptKeys } from '../device/support.js'

/** The compiled program. */
export const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url))

/** One log line of the daemon. */
export type LogLine = { readonly event?: string } & Readonly<Record<string, unknown>>

/** The addresses of the keys that the transcripts, and the Tezio Signer's configuration, were made with. */
export const ADDRESS = {
  tz1: 'tz1it3gNAe5nLjY6iqMNrmqFyWEL9p6GwSrv',
  tz2: 'tz2F8DfsecohZ6QuBk2tPc2svRRgpN3hg9Vx',
  tz3: 'tz3g4AnLYCcGY5sQvk6m2bxfBGFfXx4c1HfJ',
} as const

/**
 * Runs its arguments with no descriptor but the standard three: a program started from this process would inherit
 * the simulated board's end of the terminal, and while it holds that, pulling the plug pulls nothing.
 * And it dies with this process, however that ends: a daemon left over goes on opening its link, behind which the
 * system may by then have given the terminal's number to another test.
 */
export const ALONE = [
  'for f in /proc/$$/fd/*; do n=${f##*/}; if (( n > 2 )); then eval "exec $n>&-"; fi; done',
  'if command -v setpriv > /dev/null; then exec setpriv --pdeathsig KILL "$@"; else exec "$@"; fi',
].join('\n')

/** A command as `spawn` wants it, run with no descriptor but the standard three, and dying with this process. */
export const alone = (command: readonly string[]): readonly [program: string, args: readonly string[]] => [
  'bash',
  ['-c', ALONE, 'bash', ...command],
]

/** What stands around a daemon that is not started plainly. */
export type Launch = {
  /** Another Node, or another copy of the program; without it this Node and the compiled program. */
  readonly program?: readonly string[]
  /** A program that starts the daemon, with its arguments. */
  readonly under?: readonly string[]
  /** Options of Node itself. */
  readonly node?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** A running `tezio-bridge serve`. */
export class Daemon {
  readonly lines: LogLine[] = []
  readonly exit: Promise<number | null>
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  readonly #waiting = new Set<() => void>()
  stderr = ''
  #hasExited = false

  constructor(args: readonly string[], { program, under = [], node = [], environment = {} }: Launch = {}) {
    const command = [...under, ...(program ?? [process.execPath, ...node, PROGRAM]), 'serve', ...args]
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']
    const env = { ...process.env, ...environment }
    this.#child = spawn(...alone(command), { stdio, env })
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as LogLine)
      this.#wake()
    })
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString()
    })
    this.exit = new Promise((resolve) => {
      this.#child.on('close', (code) => {
        this.#hasExited = true
        this.#wake()
        resolve(code)
      })
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** The signal that ended it. */
  get endedBy(): NodeJS.Signals | null {
    return this.#child.signalCode
  }

  /** The first line of an event from index `from` on; rejects when the daemon ends without it. */
  async line(event: string, from = 0): Promise<LogLine> {
    for (;;) {
      const found = this.lines.slice(from).find((line) => line.event === event)
      if (found !== undefined) return found
      if (this.#hasExited) throw new Error(`the daemon ended before ${event}: ${this.stderr}`)
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  /** Resolves when `check` holds for the lines so far; rejects when the daemon ends before. */
  async until(check: (lines: readonly LogLine[]) => boolean): Promise<void> {
    while (!check(this.lines)) {
      if (this.#hasExited) throw new Error(`the daemon ended: ${this.stderr}`)
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  async url(): Promise<string> {
    return `http://${String((await this.line('server.listening'))['address'])}`
  }

  async adminUrl(): Promise<string> {
    return `http://${String((await this.line('admin.listening'))['address'])}`
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

/** What a command printed and ended with. */
export type CommandResult = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Runs `tezio-bridge` to its end, while the simulated board of this process goes on answering. */
export function cli(...args: readonly string[]): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [PROGRAM, ...args], (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr })
    })
  })
}

/** A simulated board and the pseudo-terminal of this process that it is on. */
export type BoardPort = { readonly simulated: SimulatedTezio; readonly port: PseudoTerminal }

/** Simulated boards on pseudo-terminals of this process, a state directory, and daemons between them. */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'tezio-bridge-e2e-'))
  readonly stateDir = join(this.folder, 'state')
  readonly config = join(this.folder, 'config.yaml')
  /** The first board; most benches have no other. */
  readonly simulated: SimulatedTezio
  readonly port: PseudoTerminal
  readonly boards: readonly BoardPort[]
  readonly #daemons: Daemon[] = []

  /** A configuration of several boards is made of the paths of their ports. */
  constructor(
    config: string | ((ports: readonly string[]) => string) = BAKING_CONFIG,
    simulated = createSimulatedTezio({ keys: transcriptKeys() }),
    ...others: readonly SimulatedTezio[]
  ) {
    this.boards = [simulated, ...others].map((board, index) => ({
      simulated: board,
      port: openPseudoTerminal({
        device: board,
        link: join(this.folder, index === 0 ? 'tty' : `tty${index}`),
      }),
    }))
    this.simulated = simulated
    this.port = this.boards[0]!.port
    const ports = this.boards.map(({ port }) => port.path)
    writeFileSync(this.config, typeof config === 'string' ? config : config(ports))
  }

  /** The options every command takes. */
  get options(): readonly string[] {
    return ['--config', this.config, '--state-dir', this.stateDir]
  }

  init(): Promise<CommandResult> {
    return cli('init', ...this.options)
  }

  /** A daemon; options that are given here win. */
  start(...options: readonly string[]): Daemon {
    return this.launch({}, ...options)
  }

  /** The same, with something around it. */
  launch(launch: Launch, ...options: readonly string[]): Daemon {
    return this.#keep(new Daemon([...this.options, '--port', this.port.path, ...options], launch))
  }

  /** A daemon that finds its boards where the configuration says. */
  startConfigured(): Daemon {
    return this.#keep(new Daemon(this.options))
  }

  /** A daemon that has found its board. */
  async started(): Promise<Daemon> {
    const daemon = this.start()
    await daemon.line('server.listening')
    await daemon.line('device.ready')
    return daemon
  }

  /** How many SIGN commands reached the board. */
  get signCommands(): number {
    return this.simulated.log.filter(({ name }) => name === 'SIGN').length
  }

  async close(): Promise<void> {
    for (const daemon of this.#daemons) {
      daemon.kill('SIGKILL')
      await daemon.exit
    }
    for (const { port } of this.boards) port.close()
    rmSync(this.folder, { recursive: true, force: true })
  }

  #keep(daemon: Daemon): Daemon {
    this.#daemons.push(daemon)
    return daemon
  }
}

/** Every key without authentication, on free ports. */
export const BAKING_CONFIG = `
server: { listen: "127.0.0.1:0" }
admin: { listen: "127.0.0.1:0" }
high_water_marks:
  level: { 0x11: 0, 0x12: 0, 0x13: 0 }
policy:
  signing_keys:
    ${ADDRESS.tz1}: { allowed_ops: [0x03] }
    ${ADDRESS.tz2}: { allowed_ops: [0x03] }
    ${ADDRESS.tz3}: { allowed_ops: [0x03, 0x11, 0x12, 0x13] }
`

/** The Tezio Signer's configuration as it is. */
export function tezioSignerConfig(): string {
  return readFileSync(new URL('../vectors/tezio-signer-config.yaml', import.meta.url), 'utf8')
}

/** What the daemon said to a sign request. */
export type Answer = {
  readonly status: number
  readonly signature: string | undefined
  readonly code: string | undefined
}

/** Asks as Octez does. */
export async function sign(
  url: string,
  key: string,
  payload: Uint8Array,
  authentication?: string,
): Promise<Answer> {
  const query = authentication === undefined ? '' : `authentication=${authentication}&`
  const response = await fetch(`${url}/keys/${key}?${query}version=3`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `"${Buffer.from(payload).toString('hex')}"\n`,
  })
  const body = (await response.json()) as { signature?: string } | [{ msg: string }]
  const error = Array.isArray(body) ? body[0].msg.split(':')[0] : undefined
  return { status: response.status, signature: Array.isArray(body) ? undefined : body.signature, code: error }
}
