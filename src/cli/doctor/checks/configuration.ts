import { NO_CONFIG, fail, pass, skip, warn, type Check, type Finding } from '../check.js'
import type { ConfigFacts } from '../facts/config-facts.js'

/** Whether the file can be used at all. */
export function judgeConfig(facts: ConfigFacts): Finding {
  switch (facts.outcome) {
    case 'loaded': {
      const { file, keys } = facts.config
      return pass(`${file}: ${keys.length} ${keys.length === 1 ? 'key' : 'keys'}`)
    }
    case 'none':
      return warn(
        `there is no ${facts.file}: only what needs no configuration is looked at`,
        'write one as README.md says, or name it: tezio-bridge doctor --config FILE',
      )
    case 'refused':
      return fail(
        facts.problems.join('; '),
        'mend the file as each line says; docs/config.md shows every key',
      )
  }
}

/** Who else may read or change the file, by its permission bits. */
export function judgeConfigMode(mode: number, rpc: string | undefined, file: string): Finding {
  const bits = `mode ${mode.toString(8).padStart(4, '0')}`
  if ((mode & 0o002) !== 0) return fail(`${bits}: anybody on this machine may change it`, `chmod 640 ${file}`)
  if ((mode & 0o020) !== 0) {
    return warn(`${bits}: its group may change what is signed`, `chmod 640 ${file}`)
  }
  // a node's path is often its access token; nothing else in the file is secret
  if ((mode & 0o004) !== 0 && rpc !== undefined && new URL(rpc).pathname !== '/') {
    return warn(
      `${bits}: anybody may read it, and head_check.rpc has a path, which may be a token`,
      `chmod 640 ${file}`,
    )
  }
  return pass(bits)
}

/** The configuration file. */
export const configurationChecks: readonly Check[] = [
  { id: 'config-loads', title: 'Configuration', run: ({ config }) => judgeConfig(config()) },
  {
    id: 'config-warnings',
    title: 'Configuration warnings',
    run: ({ config }) => {
      const facts = config()
      if (facts.outcome !== 'loaded') return skip(NO_CONFIG)
      const { warnings } = facts.config
      if (warnings.length === 0) return pass('none')
      return warn(
        warnings.join('; '),
        'change what is warned of, if it is not meant so; docs/config.md says more',
      )
    },
  },
  {
    id: 'config-permissions',
    title: 'Configuration file mode',
    run: ({ config }) => {
      const facts = config()
      if (facts.outcome !== 'loaded') return skip(NO_CONFIG)
      return judgeConfigMode(facts.mode, facts.config.headCheck?.rpc, facts.config.file)
    },
  },
]
