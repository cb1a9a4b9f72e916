import type { Config } from '../../config/index.js'
import { MarksJournal, StateError, type MarkKey, type MarkRecord } from '../../policy/index.js'
import { marksTable } from '../marks-table.js'
import { chainName } from '../../tezos/index.js'
import { indented, type Wizard } from './wizard.js'

/** What a state directory holds: nothing yet, or these marks. */
export type StateFinding = { readonly exists: boolean; readonly marks: readonly MarkRecord[] }

/** Reads a state without owning it. Throws a StateError for one that is damaged, or that ended here by an export. */
export function findState(directory: string): StateFinding {
  try {
    const { marks, exportedAt } = MarksJournal.read(directory)
    if (exportedAt !== undefined) {
      throw new StateError(
        'state-exported',
        `the marks in ${directory} were exported at ${exportedAt}: nothing is signed with them here any more; choose a new --state-dir and import the newest export there`,
      )
    }
    return { exists: true, marks: [...marks.values()] }
  } catch (error) {
    if (error instanceof StateError && error.code === 'state-missing') return { exists: false, marks: [] }
    throw error
  }
}

/** Tells what is there, and asks whether missing marks are set in a state that exists already. */
export async function wantsSeeds(
  { say, answers }: Wizard,
  config: Config,
  found: StateFinding,
  missing: readonly MarkKey[],
): Promise<boolean> {
  if (!found.exists) return missing.length > 0
  say(
    `The state directory ${config.stateDir} is there already; its marks stay as they are:\n\n${indented(marksTable(found.marks))}`,
  )
  if (missing.length === 0) return false
  const names = missing.map(({ chain, key, kind }) => `- ${kind} of ${key} on ${chainName(chain)}`)
  say(
    `Of what the configuration allows, these have no mark, and are refused until they have one:\n${names.join('\n')}`,
  )
  return answers.confirm({
    message: 'Set these first marks now? (else later: tezio-bridge marks seed)',
    option: '--level',
    unasked: true,
  })
}
