import { execFile } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSimulatedTezio, openPseudoTerminal } from '../../../hw-sim/index.js'
import { runCli } from '../../../src/cli/program.js'
import { transcriptKeys } from '../../device/support.js'
import { ROOT } from '../../docs/documents.js'
import { PROGRAM, type CommandResult } from '../../e2e/daemon.js'

/** A simulated board on a real pseudo-terminal, and an empty folder to set a bridge up in. */
export class SetupBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'tezio-setup-'))
  readonly home = join(this.folder, 'home')
  readonly config = join(this.home, 'config.yaml')
  readonly stateDir = join(this.home, 'tezio-bridge-state')
  readonly simulated = createSimulatedTezio({ keys: transcriptKeys() })
  readonly port = openPseudoTerminal({ device: this.simulated, link: join(this.folder, 'tty') })

  constructor() {
    mkdirSync(this.home)
  }

  /** `setup` for this board and folder. */
  get arguments(): readonly string[] {
    return ['setup', '--config', this.config, '--port', this.port.path]
  }

  /** Runs it to its end in this process, without a person. */
  async run(args: readonly string[]): Promise<CommandResult> {
    const written = { stdout: '', stderr: '' }
    const out = (text: string) => (written.stdout += text)
    const err = (text: string) => (written.stderr += text)
    const code = await runCli([...this.arguments, ...args], { out, err })
    return { code, ...written }
  }

  /** Runs the compiled program, under another one where it is given. */
  runProgram(args: readonly string[], under: readonly string[] = []): Promise<CommandResult> {
    return runProgram([...under, process.execPath, PROGRAM, ...this.arguments, ...args])
  }

  /** The names in the folder that is set up. */
  files(): readonly string[] {
    return readdirSync(this.home, { recursive: true, encoding: 'utf8' }).toSorted()
  }

  close(): void {
    this.port.close()
    chmodSync(this.home, 0o700)
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Runs a command line to its end, while the boards of this process go on answering. */
export function runProgram([file = '', ...args]: readonly string[]): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = execFile(file, args, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr })
    })
  })
}

/** Root may read and write everything; without these capabilities it may do what files' modes say, like anybody. */
export const AS_ANYBODY: readonly string[] =
  process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-dac_override,-dac_read_search'] : []

/** The compiled package in a folder of its own, with its installer. */
export function packageWithInstaller(folder: string): { readonly program: string } {
  const root = join(folder, 'package')
  cpSync(join(ROOT, 'dist'), join(root, 'dist'), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(root, 'package.json'))
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  cpSync(join(ROOT, 'supervisor'), join(root, 'supervisor'), { recursive: true })
  return { program: join(root, 'dist/src/cli/main.js') }
}

/** A file's text, or `undefined`. */
export function textIn(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
