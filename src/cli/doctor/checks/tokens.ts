import { accessSync, constants } from 'node:fs'
import { ConfigError, readCredentials, type Config, type Pkcs11DeviceConfig } from '../../../config/index.js'
import { NO_CONFIG, fail, pass, skip, warn, type Check, type Finding } from '../check.js'

/** Whether modules and PINs of tokens can be read. No token is asked: a refused PIN could lock it. */
export function judgeTokenFiles(config: Config, now: Date): Finding {
  const tokens = config.devices.filter((device) => device.kind === 'pkcs11')
  if (tokens.length === 0) return pass('no PKCS#11 token is configured')
  const problems = [...tokens.flatMap(moduleProblem), ...pinProblems(config, now)]
  if (problems.length > 0) return fail(problems.join('; '), 'mend the file as it says: docs/pkcs11.md')
  const asked = tokens.filter(({ pinFile }) => pinFile === undefined).map(({ name }) => name)
  return asked.length === 0
    ? pass(tokens.map(({ name, module }) => `${name}: ${module}`).join(', '))
    : warn(
        `the PIN of ${asked.join(', ')} is asked for on the terminal at each start`,
        'write it to a file and name that in pin_file, where nobody is there when the daemon restarts',
      )
}

function moduleProblem({ name, module }: Pkcs11DeviceConfig): readonly string[] {
  try {
    accessSync(module, constants.R_OK)
    return []
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return [`devices.${name}.module: cannot be read (${reason})`]
  }
}

/** What `serve` would refuse in the PIN files. */
function pinProblems(config: Config, now: Date): readonly string[] {
  try {
    readCredentials(config, now)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const own = error.problems.filter(({ path }) => path.startsWith('devices.'))
    return own.map(({ path, message }) => `${path}: ${message}`)
  }
}

/** PKCS#11 tokens. */
export const tokenChecks: readonly Check[] = [
  {
    id: 'token-files',
    title: 'Modules and PINs of tokens',
    run: ({ config }) => {
      const facts = config()
      return facts.outcome === 'loaded' ? judgeTokenFiles(facts.config, new Date()) : skip(NO_CONFIG)
    },
  },
]
