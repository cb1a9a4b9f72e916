import type { Command } from 'commander'
import { effectiveSettings, loadConfig, showConfig } from '../config/index.js'
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
    .action((_options, command: Command) => {
      checkConfig(command.optsWithGlobals(), output)
    })

  config
    .command('show')
    .description('show everything that is in force, defaults included; what may be secret is hidden')
    .option('--json', PRINT_JSON)
    .action((_options, command: Command) => {
      showSettings(command.optsWithGlobals(), output)
    })
}

/** Tells that the configuration is right. Throws a ConfigError naming every problem otherwise. */
function checkConfig({ config: file, stateDir, json: isJson }: Options, { out }: Output): void {
  const { keys, chains, warnings } = loadServedConfig(file, { stateDir })
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
