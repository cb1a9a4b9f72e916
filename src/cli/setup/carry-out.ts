import { MarksJournal } from '../../policy/index.js'
import { besideName } from './choose-config.js'
import { backUp, makeFolder, writeConfig } from './config-file.js'
import { install } from './install-files.js'
import type { Plan, StatePlan } from './plan.js'
import type { Wizard } from './wizard.js'

/** What was done beyond what the plan says. */
export type Deeds = {
  readonly backup?: string | undefined
  readonly installed?: string | undefined
}

/**
 * Carries a plan out, and asks nothing more. The marks come first: a configuration without them could be started with
 * other ones, marks without a configuration start nothing.
 */
export function carryOut(wizard: Wizard, plan: Plan): Deeds {
  // Ctrl-C between two steps would leave half of it; it takes milliseconds until the installer runs
  const hold = () => undefined
  process.on('SIGINT', hold)
  try {
    if (plan.config.action === 'write') makeFolder(plan.config.file)
    seed(plan.state, plan.config.config.marks.maxLevelGap)
    const backup = putConfig(plan, wizard.now())
    const installed = plan.install?.isWanted === true ? install(wizard, plan.install) : undefined
    return { backup, installed }
  } finally {
    process.off('SIGINT', hold)
  }
}

function putConfig({ config: { action, file, text } }: Plan, now: Date): string | undefined {
  if (action === 'keep') return undefined
  const backup = action === 'replace' ? backUp(file, now) : undefined
  writeConfig(action === 'beside' ? besideName(file) : file, text)
  return backup
}

/** Makes the state, or adds what it lacks. Throws a StateError where another process owns it. */
function seed({ action, directory, seeds }: StatePlan, maxLevelGap: number | 'off'): void {
  if (action === 'keep') return
  if (action === 'create') {
    MarksJournal.create({ directory, maxLevelGap }, seeds)
    return
  }
  const store = MarksJournal.open({ directory, maxLevelGap })
  try {
    store.seed(seeds)
  } finally {
    store.close()
  }
}
