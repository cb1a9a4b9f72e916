import { loadConfig, type Config } from '../config/index.js'
import { MarksJournal, type Position } from '../policy/index.js'
import { neededMarks, seedsFor } from './mark-selection.js'
import { marksTable } from './marks-table.js'
import { json, type Output } from './output.js'
import { journalOptions, openTable } from './own-marks.js'
import type { ConfigOptions } from './serve.js'

export type InitOptions = ConfigOptions & {
  readonly level?: number | undefined
  readonly round?: number | undefined
  readonly json?: boolean | undefined
}

/** Makes the state directory with one mark for each key, allowed chain and kind. Nothing that exists is touched. */
export async function init(options: InitOptions, { out }: Output): Promise<void> {
  const config = loadConfig(options.config, { stateDir: options.stateDir })
  const seeds = seedsFor(config, neededMarks(config), options)
  const { stateDir: directory } = config
  const takenOver = await create(config, seeds)
  const records = [...MarksJournal.read(directory).marks.values()]
  if (options.json === true) {
    out(json({ stateDir: directory, marks: records, takenOver }))
    return
  }
  const shared =
    takenOver.length === 0 ? '' : `, ${takenOver.length} of them as the shared table has them already`
  out(`${directory} is ready, with ${records.length} high-water marks${shared}:\n\n${marksTable(records)}`)
}

/** Sets the marks here, and in the table where they are shared; tells which the table had before. */
async function create(config: Config, seeds: readonly Position[]): Promise<readonly Position[]> {
  const journal = journalOptions(config)
  const { shared } = config.marks
  if (shared === undefined) {
    MarksJournal.create(journal, seeds)
    return []
  }
  const { initSharedMarks } = await import('../shared-marks/index.js')
  const table = await openTable(shared)
  try {
    return (await initSharedMarks(journal, table, seeds)).takenOver
  } finally {
    await table.close()
  }
}
