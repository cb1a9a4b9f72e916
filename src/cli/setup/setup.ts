import { resolve } from 'node:path'
import { ConfigError, loadConfig, type Config } from '../../config/index.js'
import type { MarkKey } from '../../policy/index.js'
import { chainName } from '../../tezos/index.js'
import { askDaemon } from '../control-client.js'
import { InterruptedError, RefusedError } from '../exit-code.js'
import { isSelected, missingMarks } from '../mark-selection.js'
import { askNode, headAt, wantsHeadCheck, type NodeHead } from './ask-node.js'
import { carryOut, type Deeds } from './carry-out.js'
import { chooseConfig, type ConfigPlan } from './choose-config.js'
import { chooseSigning, type SigningChoice } from './choose-key.js'
import { checkWritable, textOf } from './config-file.js'
import { checkPortOptions, findBoard, type Board } from './find-board.js'
import { findState, wantsSeeds } from './find-state.js'
import { firstLevel } from './first-level.js'
import { checkInstall, planInstall } from './install-files.js'
import {
  besidePlan,
  changesAnything,
  completePlan,
  deeds,
  planState,
  type Plan,
  type StatePlan,
} from './plan.js'
import { stepsText } from './next-steps.js'
import type { Wizard } from './wizard.js'

const INTRODUCTION = `This sets up the bridge for one baking key: it finds the board, asks what the key is for, and then writes the
configuration and the first high-water marks. Nothing is written before the last question; Ctrl-C ends it any time.`

/** Beside the configuration, so that it is found with it. */
const DEFAULT_STATE_DIR = './tezio-bridge-state'

/** What setup found, what it meant to do, and what it did. */
export type SetupResult = {
  readonly board: Board
  readonly signing: SigningChoice
  readonly plan: Plan
  /** `undefined`: nothing was written, because of `--dry-run` or because all was there. */
  readonly done: Deeds | undefined
}

/** Takes an operator from a plugged-in board to a bridge that can serve. Nothing is written until all is known. */
export async function setup(wizard: Wizard): Promise<SetupResult> {
  const { answers, options, say } = wizard
  checkPortOptions(options)
  checkInstall(wizard)
  const present = presentConfig(options.config)
  const stateDir = options.stateDir === undefined ? present?.stateDir : resolve(options.stateDir)
  if (options.dryRun !== true) checkTargets(wizard, stateDir)
  await refuseDaemon(stateDir ?? resolve(options.config, '..', DEFAULT_STATE_DIR))
  if (answers.isAsked) say(INTRODUCTION)
  if (present !== undefined && stateDir !== present.stateDir) {
    wizard.warn(
      `The marks in ${present.stateDir}, which ${options.config} names, would not be used any more.`,
    )
  }

  const board = await findBoard(wizard)
  const signing = await chooseSigning(wizard, board)
  const node = await askNode(wizard, signing.chain)
  const headCheck = await wantsHeadCheck(wizard, node)
  const config = await chooseConfig(wizard, {
    ...signing,
    device: board.device,
    headCheck,
    stateDir: stateDirText(options.config, stateDir),
  })
  const plan = config.action === 'beside' ? besidePlan(config) : await planRest(wizard, config, signing, node)
  return { board, signing, plan, done: await finish(wizard, plan) }
}

/** The configuration that is there already, if it can be read at all; what is wrong with another is told later. */
function presentConfig(file: string): Config | undefined {
  if (textOf(file) === undefined) return undefined
  try {
    return loadConfig(file)
  } catch (error) {
    if (error instanceof ConfigError) return undefined
    throw error
  }
}

/** The default as a relative path, for the folder may be moved as a whole; a state that is in use is never lost sight of. */
function stateDirText(file: string, stateDir: string | undefined): string {
  const usual = resolve(file, '..', DEFAULT_STATE_DIR)
  return stateDir === undefined || stateDir === usual ? DEFAULT_STATE_DIR : stateDir
}

function checkTargets({ options }: Wizard, stateDir: string | undefined): void {
  checkWritable(options.config, '--config')
  if (stateDir !== undefined) checkWritable(stateDir, '--state-dir')
}

/** A daemon that runs owns the port and the marks. */
async function refuseDaemon(stateDir: string): Promise<void> {
  if ((await askDaemon(stateDir, 'GET', '/keys')) === undefined) return
  throw new RefusedError(
    `tezio-bridge is running with the state directory ${stateDir} and has the board's port: it is set up already. To set it up anew, stop it first (sudo systemctl stop tezio-bridge, supervisorctl stop tezio-bridge, or Ctrl-C where it runs); to look at it: tezio-bridge keys, tezio-bridge marks show`,
  )
}

/** State, marks and files, once it is known which configuration is used. */
async function planRest(
  wizard: Wizard,
  configPlan: ConfigPlan,
  signing: SigningChoice,
  node: NodeHead | undefined,
): Promise<Plan> {
  const { config } = configPlan
  const state = await planMarks(wizard, config, signing, node)
  const install = await planInstall(wizard, config)
  return completePlan(configPlan, state, install, signing.key)
}

async function planMarks(
  wizard: Wizard,
  config: Config,
  { key, chain }: SigningChoice,
  node: NodeHead | undefined,
): Promise<StatePlan> {
  const found = findState(config.stateDir)
  const missing = missingMarks(config, found.marks)
  const chosen = missing.filter((mark) => isSelected({ key, chain }, mark))
  warnOfOthers(
    wizard,
    missing.filter((mark) => !chosen.includes(mark)),
  )
  const isWanted = await wantsSeeds(wizard, config, found, chosen)
  if (!isWanted) return planState(config.stateDir, found, [], 0)
  const level = await firstLevel(wizard, () =>
    node === undefined ? Promise.resolve(undefined) : headAt(wizard, node.rpc, chain),
  )
  return planState(config.stateDir, found, chosen, level)
}

/** Another chain has another level, and another key another past. */
function warnOfOthers({ warn }: Wizard, others: readonly MarkKey[]): void {
  for (const { key, chain, kind } of others) {
    warn(
      `${kind} of ${key} on ${chainName(chain)} is configured and has no mark: set it with tezio-bridge marks seed --key ${key} --chain ${chainName(chain)} --level LEVEL`,
    )
  }
}

/** The last question, the deeds, and what to do next. */
async function finish(wizard: Wizard, plan: Plan): Promise<Deeds | undefined> {
  const { answers, options, say } = wizard
  if (!changesAnything(plan)) {
    say(`All is there already; nothing was changed.\n\nNext:\n\n${stepsText(plan.next)}`)
    return undefined
  }
  const list = deeds(plan)
    .map((deed) => `- ${deed}`)
    .join('\n')
  if (options.dryRun === true) {
    say(`This would be done (--dry-run: nothing was written):\n${list}`)
    return undefined
  }
  say(`This will be done:\n${list}`)
  if (answers.isAsked && !(await answers.confirm({ message: 'Do it now?', option: '--yes' }))) {
    throw new InterruptedError('setup was broken off; nothing was written')
  }
  const done = carryOut(wizard, plan)
  if (done.backup !== undefined) say(`The configuration that was there is kept as ${done.backup}.`)
  if (done.installed !== undefined) say(done.installed.trimEnd())
  say(`Done. ${done.installed === undefined ? 'Next' : 'And then'}:\n\n${stepsText(plan.next)}`)
  return done
}
