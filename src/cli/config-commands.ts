import { Option, type Command } from 'commander'
import { effectiveSettings, loadConfig, showConfig } from '../config/index.js'
import { SIGNERS } from '../migration/index.js'
import type { ConfigImportOptions } from './config-import.js'
import { checkEthereum } from './open-ethereum.js'
import { PRINT_JSON } from './options.js'
import { json, type Output } from './output.js'
import type { ConfigOptions } from './serve.js'
import { loadServedConfig } from './served-config.js'

type Options = ConfigOptions & { readonly json?: boolean | undefined }

/** `tezio-bridge config` and what is below it. Neither needs a board or a daemon. */
export function addConfig(program: Command, output: Output): void {
  const config = program
    .command('config')
    .description('the configuration: whether it is right, and what it means')

  config
    .command('check')
    .description('say whether serve and a reload would take the configuration, and warn of what looks wrong')
    .option('--json', PRINT_JSON)
    .action(async (_options, command: Command) => {
      await checkConfig(command.optsWithGlobals(), output)
    })

  config
    .command('show')
    .description('show everything that is in force, defaults included; what may be secret is hidden')
    .option('--json', PRINT_JSON)
    .action((_options, command: Command) => {
      showSettings(command.optsWithGlobals(), output)
    })

  addImport(config, output)
}

function addImport(config: Command, output: Output): void {
  const gather = (value: string, before: readonly string[] = []) => [...before, value]
  config
    .command('import')
    .argument('[source...]', "the other signer's file, or behind -- the command line of octez-signer")
    .description("translate another signer's settings into a configuration, and list what has no place in it")
    .addOption(
      new Option('--from <signer>', 'whose settings they are').choices(SIGNERS).makeOptionMandatory(),
    )
    .option('--key <address>', 'a key to take, where there are several; more than once for more', gather)
    .option(
      '--chain <chain>',
      'a chain to sign for (a name or a NetX... id); more than once for more',
      gather,
    )
    .option('--base-dir <directory>', "octez-signer's base directory, instead of the one it was started with")
    .option('--out <file>', 'write the configuration to a new file of mode 0600')
    .option('--force', 'replace the file of --out where it exists')
    .option('--json', 'print the configuration and what was found as JSON')
    .action(async (words: readonly string[], options: ConfigImportOptions) => {
      const { importConfig } = await import('./config-import.js')
      importConfig(words, options, output)
    })
}

/** Tells that the configuration is right. Rejects with a ConfigError naming every problem otherwise. */
async function checkConfig(
  { config: file, stateDir, json: isJson }: Options,
  { out }: Output,
): Promise<void> {
  const config = loadServedConfig(file, { stateDir })
  await checkEthereum(config)
  const { keys, chains, warnings } = config
  if (isJson === true) {
    out(json({ file, valid: true, warnings }))
    return
  }
  for (const warning of warnings) out(`warning: ${warning}\n`)
  const counts = [
    plural(keys.length, 'key'),
    plural(chains.length, 'chain'),
    plural(warnings.length, 'warning'),
  ]
  out(`${file} is right: ${counts.join(', ')}\n`)
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}

function showSettings({ config: file, stateDir, json: isJson }: Options, { out }: Output): void {
  const config = loadConfig(file, { stateDir })
  out(isJson === true ? json(effectiveSettings(config)) : showConfig(config))
}
