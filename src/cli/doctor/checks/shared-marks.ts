import type { Config } from '../../../config/index.js'
import { StateError } from '../../../policy/index.js'
import { openTable } from '../../own-marks.js'
import { NO_CONFIG, fail, pass, skip, type Check, type Finding } from '../check.js'

/** Whether the marks that hosts share can be had from here, by this host's rights. It changes nothing. */
export async function judgeSharedMarks({ marks: { shared } }: Config): Promise<Finding> {
  if (shared === undefined) return pass('the marks are this host’s own')
  try {
    const table = await openTable(shared)
    try {
      const startedAt = performance.now()
      await table.check()
      return pass(`${table.place} answered in ${(performance.now() - startedAt).toFixed(0)} ms`)
    } finally {
      await table.close()
    }
  } catch (error) {
    if (!(error instanceof StateError)) throw error
    const page = shared.kind === 'postgresql' ? 'docs/shared-marks.md' : 'docs/shared-marks-dynamodb.md'
    return fail(`${error.code}: ${error.message}`, `mend what it names; ${page} has every fault by its name`)
  }
}

/** Marks that several hosts share. */
export const sharedMarksChecks: readonly Check[] = [
  {
    id: 'marks-shared',
    title: 'Shared marks',
    run: ({ config }) => {
      const facts = config()
      return facts.outcome === 'loaded' ? judgeSharedMarks(facts.config) : skip(NO_CONFIG)
    },
  },
]
