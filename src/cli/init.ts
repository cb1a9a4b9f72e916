import { loadConfig } from '../config/index.js'
import { MarksJournal } from '../policy/index.js'
import { neededMarks, seedsFor } from './mark-selection.js'
import { marksTable } from './marks-table.js'
import { json, type Output } from './output.js'
import type { ConfigOptions } from './serve.js'

export type InitOptions = ConfigOptions & {
  readonly level?: number | undefined
  readonly round?: number | undefined
  readonly json?: boolean | undefined
}

/** Makes the state directory with one mark for each key, allowed chain and kind. Nothing that exists is touched. */
export function init(options: InitOptions, { out }: Output): void {
  const config = loadConfig(options.config, { stateDir: options.stateDir })
  const seeds = seedsFor(config, neededMarks(config), options)
  const { stateDir: directory, marks } = config
  MarksJournal.create({ directory, maxLevelGap: marks.maxLevelGap }, seeds)
  const records = [...MarksJournal.read(directory).marks.values()]
  if (options.json === true) out(json({ stateDir: directory, marks: records }))
  else out(`${directory} is ready, with ${records.length} high-water marks:\n\n${marksTable(records)}`)
}
