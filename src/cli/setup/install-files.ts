import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../../config/index.js'
import { RefusedError } from '../exit-code.js'
import { packageFile } from '../version.js'
import { shellWord } from './shell-word.js'
import { indented, type Wizard } from './wizard.js'

/** The files for the service manager, as the package's installer would write them. */
export type InstallPlan = {
  /** What the installer says that it would write. */
  readonly preview: string
  /** The line that installs them, for a shell. */
  readonly command: string
  readonly arguments: readonly string[]
  readonly isWanted: boolean
}

/** The installer of this package, whether it is there or not. */
export function packagedInstaller(): string {
  return fileURLToPath(packageFile('supervisor/install.sh'))
}

/** Shows what would be installed, and asks. `undefined` where the package has no installer, or it fails. */
export async function planInstall(wizard: Wizard, config: Config): Promise<InstallPlan | undefined> {
  const { options, answers, say, warn, installer } = wizard
  if (!existsSync(installer)) {
    warn(`There are no files for a service manager: ${installer} is missing from this package.`)
    return undefined
  }
  const args = installerArguments(wizard, config)
  const { status, stdout, stderr } = run(installer, [...args, '--dry-run'])
  if (status !== 0) {
    warn(`The files for the service manager cannot be shown: ${stderr.trim() || `${installer} failed`}`)
    return undefined
  }
  const command = [...(needsRoot(wizard) ? ['sudo'] : []), installer, ...args].map(shellWord).join(' ')
  const preview = withoutNextSteps(stdout)
  say(
    `The udev rule and the files for the service manager, as they would be installed:\n\n${indented(preview)}`,
  )
  const isPossible = !needsRoot(wizard)
  if (!isPossible && options.install !== false) say(`To install them needs root:\n\n  ${command}`)
  const isWanted = isPossible && (options.install ?? (await answers.confirm(QUESTION)))
  return { preview, command, arguments: args, isWanted }
}

const QUESTION = {
  message: 'Install these files?',
  option: '--install',
  suggested: false,
  unasked: false,
} as const

/** Throws a RefusedError where files shall be installed by somebody who may not, or from nowhere. */
export function checkInstall(wizard: Wizard): void {
  if (wizard.options.install !== true) return
  if (!existsSync(wizard.installer)) {
    throw new RefusedError(`--install: ${wizard.installer} is missing from this package; leave --install out`)
  }
  if (needsRoot(wizard)) {
    throw new RefusedError(
      '--install needs root: run setup with sudo, give a --prefix that this user may write in, or use --no-install and run the line that it prints',
    )
  }
}

/** What is left to do depends on what is written in between: setup tells it, or the installer when it has run. */
function withoutNextSteps(text: string): string {
  return `${text.split(/^Next\b/m)[0]?.trimEnd() ?? ''}\n`
}

/** Installs the files. Throws what the installer says. */
export function install({ installer }: Wizard, plan: InstallPlan): string {
  const { status, stdout, stderr } = run(installer, plan.arguments)
  if (status === 0) return stdout
  throw new Error(
    `the files were not installed (the configuration and the marks are in place): ${stderr.trim() || stdout.trim()}; mend it and run: ${plan.command}`,
  )
}

function needsRoot({ options }: Wizard): boolean {
  return options.prefix === undefined && process.getuid?.() !== 0
}

function installerArguments({ options }: Wizard, config: Config): readonly string[] {
  const { manager = detectedManager(), user, prefix, force } = options
  return [
    ...['--manager', manager],
    ...(user === undefined ? [] : ['--user', user]),
    ...(prefix === undefined ? [] : ['--prefix', resolve(prefix)]),
    ...['--config', resolve(config.file)],
    ...['--state-dir', config.stateDir],
    ...(force === true ? ['--force'] : []),
  ]
}

/** systemd where it runs the machine, else supervisord where it is installed, else systemd. */
function detectedManager(): string {
  if (existsSync('/run/systemd/system')) return 'systemd'
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.some((folder) => existsSync(join(folder, 'supervisord'))) ? 'supervisord' : 'systemd'
}

function run(installer: string, args: readonly string[]) {
  const { status, stdout, stderr, error } = spawnSync(installer, args, { encoding: 'utf8' })
  if (error !== undefined) return { status: 1, stdout: '', stderr: error.message }
  return { status, stdout, stderr }
}
