import { existsSync, writeFileSync } from 'node:fs'
import { isRefused, parseConfig, printable, readChain, readKind } from '../config/index.js'
import { importSettings, type ImportedSettings, type SettingsSource } from '../migration/index.js'
import { systemErrorCode } from '../system-error.js'
import { RefusedError, UsageError } from './exit-code.js'
import { json, type Output } from './output.js'
import { writeConfig } from './setup/config-file.js'

/** What `config import` is told beside where the settings stand. */
export type ConfigImportOptions = {
  readonly from: SettingsSource['from']
  readonly key?: readonly string[] | undefined
  readonly chain?: readonly string[] | undefined
  readonly baseDir?: string | undefined
  readonly out?: string | undefined
  readonly force?: boolean | undefined
  readonly json?: boolean | undefined
}

/** Only its owner may read it: it is the start of a configuration, and nobody else needs it yet. */
const MODE = 0o600

/** The longest note that is shown: some hold a name of the other file. */
const MAX_NOTE = 600

/**
 * Translates another signer's settings: the file goes to standard output or to --out, what a person has to know of it to
 * standard error. Throws a MigrationError, a ConfigError or a RefusedError, and then nothing was written.
 */
export function importConfig(words: readonly string[], options: ConfigImportOptions, output: Output): void {
  if (words.length === 0)
    throw new UsageError('name a file, or give the command line of octez-signer behind --')
  if (options.from === 'signatory' && words.length > 1) {
    throw new UsageError("--from signatory reads one file, Signatory's configuration")
  }
  if (options.from === 'tacoinfra' && words.length > 1) {
    throw new UsageError('--from tacoinfra reads one file, the keys.json of the remote-signer')
  }
  const chains = options.chain?.map((name) => {
    const chain = readChain(name)
    if (isRefused(chain)) throw new UsageError(`--chain: ${chain.refused}`)
    return chain
  })
  const isKind = (name: string) => !isRefused(readKind(name))
  const { key: keys = [], baseDir } = options
  const imported = importSettings({ from: options.from, words }, { keys, chains, baseDir, isKind })
  const context = { file: options.out ?? 'config.yaml', defaultStateDir: 'tezio-bridge-state' }
  const { warnings } = imported.isComplete
    ? parseConfig(imported.config, context)
    : { warnings: ['the configuration is not complete: serve refuses it until what is missing was added.'] }
  if (options.out !== undefined) write(options.out, imported.config, options.force === true)
  tell(imported, warnings, options, output)
}

function write(file: string, text: string, isForced: boolean): void {
  const taken = `${file} exists; --force replaces it, or name another with --out`
  if (isForced && existsSync(file)) {
    writeConfig(file, text, MODE)
    return
  }
  try {
    writeFileSync(file, text, { flag: 'wx', mode: MODE, flush: true })
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') throw new RefusedError(taken)
    throw error
  }
}

function tell(
  { config, isComplete, notCarriedOver, assumptions }: ImportedSettings,
  warnings: readonly string[],
  { out: file, json: isJson }: ConfigImportOptions,
  { out, err }: Output,
): void {
  if (isJson === true) {
    out(json({ config, isComplete, notCarriedOver, assumptions, warnings }))
    return
  }
  if (file === undefined) out(config)
  else out(`${file} is written. Next: tezio-bridge config check --config ${file}\n`)
  const line = (text: string) => `${printable(text, MAX_NOTE)}\n`
  if (notCarriedOver.length > 0) err('Not carried over:\n')
  for (const { setting, reason, remedy } of notCarriedOver) {
    err(line(`  ${setting}: ${reason}`))
    err(line(`      ${remedy}`))
  }
  if (assumptions.length > 0) err('Assumed:\n')
  for (const assumption of assumptions) err(line(`  ${assumption}`))
  for (const warning of warnings) err(line(`warning: ${warning}`))
}
