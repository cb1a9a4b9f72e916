import { loadConfig, parseConfig, ConfigError, type Config } from '../../config/index.js'
import { RefusedError } from '../exit-code.js'
import { differenceTo, textOf } from './config-file.js'
import { configText, type Choices } from './config-text.js'
import { indented, type Wizard } from './wizard.js'

/**
 * What becomes of the configuration file.
 * - `write`: there is none yet.
 * - `keep`: it is there and stays, as what is used.
 * - `replace`: a backup is kept beside it.
 * - `beside`: the new one is written with `.new` at its name's end, and nothing else is done.
 */
export type ConfigPlan = {
  readonly action: 'write' | 'keep' | 'replace' | 'beside'
  readonly file: string
  /** What is written, or what stands there. */
  readonly text: string
  /** What it means. */
  readonly config: Config
}

/** The name under which a configuration is written beside another. */
export function besideName(file: string): string {
  return `${file}.new`
}

/** Decides what becomes of the file. It never overwrites without being told to; throws a RefusedError where nobody is asked. */
export async function chooseConfig(wizard: Wizard, choices: Choices): Promise<ConfigPlan> {
  const { config: file } = wizard.options
  const text = configText(choices)
  // read as "serve" will read it: what setup writes is never refused there
  const config = parseConfig(text, { file, stateDir: undefined, defaultStateDir: choices.stateDir })
  const present = textOf(file)
  if (present === undefined) {
    wizard.say(`The configuration, ${file}:\n\n${indented(text)}`)
    return { action: 'write', file, text, config }
  }
  if (present === text) {
    wizard.say(`${file} is there already and says just this; it stays as it is.`)
    return { action: 'keep', file, text, config }
  }
  const changed = differenceTo(file, text)
  const shown = changed === undefined ? '.' : `:\n\n${indented(changed)}`
  wizard.say(`${file} is there already, and is not what setup would write${shown}`)
  const kept = readPresent(file)
  const action = await chooseAction(wizard, file, kept)
  if (action === 'keep' && 'config' in kept) return { action, file, text: present, config: kept.config }
  return { action, file, text, config }
}

type Kept = { readonly config: Config } | { readonly problem: string }

/** The file that is there, read as "serve" would read it. */
function readPresent(file: string): Kept {
  try {
    return { config: loadConfig(file) }
  } catch (error) {
    if (error instanceof ConfigError) return { problem: error.message }
    throw error
  }
}

async function chooseAction(
  { options, answers, say }: Wizard,
  file: string,
  kept: Kept,
): Promise<Exclude<ConfigPlan['action'], 'write'>> {
  if (options.force === true) return 'replace'
  if (!answers.isAsked) {
    throw new RefusedError(
      `${file} is there already and differs; it is not overwritten without --force, which keeps a backup of it`,
    )
  }
  if ('problem' in kept) say(`As it stands it would be refused:\n\n${indented(kept.problem)}`)
  return answers.choose({
    message: 'What becomes of it?',
    option: '--force',
    choices: [
      ...('config' in kept ? [{ value: 'keep' as const, name: 'keep it and use it as it is' }] : []),
      {
        value: 'beside' as const,
        name: `write the new one beside it, as ${besideName(file)}, and stop there`,
      },
      { value: 'replace' as const, name: 'replace it, and keep a backup' },
    ],
  })
}
