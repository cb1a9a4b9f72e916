import type { MarkKey, Position } from '../../policy/index.js'
import type { PublicKeyHash } from '../../tezos/index.js'
import { besideName, type ConfigPlan } from './choose-config.js'
import type { InstallPlan } from './install-files.js'
import { nextSteps, type NextStep } from './next-steps.js'
import type { StateFinding } from './find-state.js'

/** What becomes of the state: made, added to, or left alone. */
export type StatePlan = {
  readonly action: 'create' | 'seed' | 'keep'
  readonly directory: string
  readonly seeds: readonly Position[]
}

/** Everything that setup would do. Whoever has it may still write nothing. */
export type Plan = {
  readonly config: ConfigPlan
  readonly state: StatePlan
  readonly install: InstallPlan | undefined
  readonly next: readonly NextStep[]
}

/** What becomes of a state where `wanted` marks are to be set at `level`. */
export function planState(
  directory: string,
  found: StateFinding,
  wanted: readonly MarkKey[],
  level: number,
): StatePlan {
  const seeds = wanted.map((mark) => ({ ...mark, level, round: 0 }))
  if (!found.exists) return { action: 'create', directory, seeds }
  return { action: seeds.length === 0 ? 'keep' : 'seed', directory, seeds }
}

/** The plan where only a new file is written beside the configuration that is there. */
export function besidePlan(config: ConfigPlan): Plan {
  const { file } = config
  const next = [
    {
      why: 'compare the two and put what you want in the first',
      command: `diff -u ${file} ${besideName(file)}`,
    },
    { why: 'then go on with it', command: 'tezio-bridge setup' },
  ]
  const state = { action: 'keep', directory: config.config.stateDir, seeds: [] } as const
  return { config, state, install: undefined, next }
}

/** The plan as a whole. */
export function completePlan(
  config: ConfigPlan,
  state: StatePlan,
  install: InstallPlan | undefined,
  key: PublicKeyHash,
): Plan {
  return {
    config,
    state,
    install,
    next: nextSteps(config.config, key, config.file, install?.isWanted === true),
  }
}

/** Whether anything at all would be changed. */
export function changesAnything({ config, state, install }: Plan): boolean {
  return config.action !== 'keep' || state.action !== 'keep' || install?.isWanted === true
}

/** What would be done, one line each. */
export function deeds({ config, state, install }: Plan): readonly string[] {
  const count = `${state.seeds.length} first marks at level ${state.seeds[0]?.level ?? 0}`
  return [
    ...deedOfConfig(config),
    ...(state.action === 'create' ? [`make ${state.directory} with ${count}`] : []),
    ...(state.action === 'seed' ? [`set ${count} in ${state.directory}`] : []),
    ...(install?.isWanted === true ? ['install the udev rule and the files for the service manager'] : []),
  ]
}

function deedOfConfig({ action, file }: ConfigPlan): readonly string[] {
  switch (action) {
    case 'write':
      return [`write ${file}`]
    case 'replace':
      return [`replace ${file}, and keep a backup beside it`]
    case 'beside':
      return [`write ${besideName(file)}`]
    case 'keep':
      return []
  }
}
