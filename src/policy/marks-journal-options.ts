import type { LevelGap } from './decide.js'
import type { StateEvent } from './state-event.js'
import type { StateFiles } from './state-files.js'

/** Where a journal is and how it is kept. */
export type MarksJournalOptions = {
  readonly directory: string
  readonly maxLevelGap: LevelGap
  /** Wall-clock time for the audit log and for spend windows; no mark depends on it. */
  readonly wallClock?: () => Date
  readonly files?: StateFiles
  /** Size at which a segment is rolled. */
  readonly segmentBytes?: number
  readonly onEvent?: (event: StateEvent) => void
}
