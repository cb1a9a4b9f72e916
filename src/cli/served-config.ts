import {
  loadConfig,
  readCredentials,
  type Config,
  type Credentials,
  type LoadOptions,
} from '../config/index.js'

/** A configuration with what the files say that it names: what a daemon serves with. */
export type ServedConfig = Config & { readonly credentials: Credentials }

/** The configuration in `file` and the files that it names. Throws a ConfigError where any of them is refused. */
export function loadServedConfig(file: string, options: LoadOptions = {}, now = new Date()): ServedConfig {
  const config = loadConfig(file, options)
  return { ...config, credentials: readCredentials(config, now) }
}
