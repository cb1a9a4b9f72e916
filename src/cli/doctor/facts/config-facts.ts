import { existsSync, statSync } from 'node:fs'
import { ConfigError, loadConfig, type Config } from '../../../config/index.js'
import type { DoctorOptions } from '../options.js'

/** Whether there is a configuration. */
export type ConfigFacts =
  | { readonly outcome: 'loaded'; readonly config: Config; readonly mode: number }
  | { readonly outcome: 'refused'; readonly problems: readonly string[] }
  /** No file was named, and the default one is not there. */
  | { readonly outcome: 'none'; readonly file: string }

/** Reads the configuration as `serve` would. */
export function configFacts({ config: file, isConfigNamed, stateDir }: DoctorOptions): ConfigFacts {
  if (!isConfigNamed && !existsSync(file)) return { outcome: 'none', file }
  try {
    return { outcome: 'loaded', config: loadConfig(file, { stateDir }), mode: statSync(file).mode & 0o777 }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { outcome: 'refused', problems: error.message.split('\n') }
  }
}
