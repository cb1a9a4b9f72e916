import { hostname } from 'node:os'
import type { Config, SharedMarksConfig } from '../config/index.js'
import { MarksJournal } from '../policy/index.js'
import type { MarksTable, SharedMarks } from '../shared-marks/index.js'
import type { EventSink } from './event-sink.js'

/** The marks that a configuration names: of this host alone, or shared with others. */
export type OwnMarks = MarksJournal | SharedMarks

/** Takes the state directory, and reads the shared table where there is one. Rejects with a StateError. */
export async function openMarks(config: Config, onEvent?: EventSink): Promise<OwnMarks> {
  const journal = journalOptions(config, onEvent)
  const { shared } = config.marks
  if (shared === undefined) return MarksJournal.open(journal)
  const { SharedMarks } = await import('../shared-marks/index.js')
  const table = await openTable(shared, onEvent)
  try {
    return await SharedMarks.open({ journal, table, ...(onEvent === undefined ? {} : { onEvent }) })
  } catch (error) {
    await table.close() // a journal that is refused leaves the table to whoever opened it
    throw error
  }
}

/** The table that hosts share. Rejects with a StateError where what it takes is not installed. */
export async function openTable(shared: SharedMarksConfig, onEvent?: EventSink): Promise<MarksTable> {
  const host = hostname()
  const { timeoutMs } = shared
  const events = onEvent === undefined ? {} : { onEvent }
  const { DynamoDbTable, PostgresqlTable } = await import('../shared-marks/index.js')
  if (shared.kind === 'postgresql') {
    const { urls, passFile: passfile } = shared
    return new PostgresqlTable({ urls, passfile, timeoutMs, host, ...events })
  }
  const { table, region, endpoint } = shared
  return DynamoDbTable.open({
    table,
    region,
    timeoutMs,
    host,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...events,
  })
}

/** Owns the marks for as long as `use` takes; refuses while a daemon owns them. */
export async function withMarks<Result>(
  config: Config,
  use: (store: OwnMarks) => Result | Promise<Result>,
): Promise<Result> {
  const store = await openMarks(config)
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

/** Why marks cannot be raised now, as far as it is known; a host's own can always be tried. */
export function marksTrouble(
  store: OwnMarks,
): { readonly code: string; readonly message: string } | undefined {
  return 'trouble' in store ? store.trouble() : undefined
}

/** Where a configuration's journal is. */
export function journalOptions({ stateDir: directory, marks: { maxLevelGap } }: Config, onEvent?: EventSink) {
  return { directory, maxLevelGap, ...(onEvent === undefined ? {} : { onEvent }) }
}
