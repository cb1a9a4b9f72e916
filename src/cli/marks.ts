import { z } from 'zod'
import { loadConfig } from '../config/index.js'
import { MarksJournal, type MarkRecord } from '../policy/index.js'
import { askDaemon } from './control-client.js'
import { raiseMarks, type RaiseReport } from './control-handlers.js'
import { RefusedError, UsageError } from './exit-code.js'
import type { InitOptions } from './init.js'
import { marksTable } from './marks-table.js'
import {
  isSelected,
  markRequestSchema,
  markSelectionSchema,
  missingMarks,
  seedsFor,
  type MarkSelection,
} from './mark-selection.js'
import { json, type Output } from './output.js'
import { withMarks } from './own-marks.js'
import type { ConfigOptions } from './serve.js'

export type MarksOptions = ConfigOptions & { readonly json?: boolean | undefined }

/** Marks as the command line names them; unchecked words become a selection in `selectionOf`. */
export type SelectOptions = {
  readonly key?: string | undefined
  readonly chain?: string | undefined
  readonly kind?: string | undefined
}

// What a daemon of this very version answered on its own socket is trusted to be what it says.
const marksAnswer = z.object({ marks: z.array(z.custom<MarkRecord>()) })
const raiseAnswer = z.object({
  raised: z.array(z.custom<MarkRecord>()),
  left: z.array(z.custom<MarkRecord>()),
})

/** Shows the marks: the running daemon's, or the journal's when none runs. */
export async function showMarks(options: MarksOptions, { out }: Output): Promise<void> {
  const { stateDir } = loadConfig(options.config, { stateDir: options.stateDir })
  const answer = await askDaemon(stateDir, 'GET', '/marks')
  const marks =
    answer === undefined ? [...MarksJournal.read(stateDir).marks.values()] : marksAnswer.parse(answer).marks
  out(options.json === true ? json({ marks }) : marksTable(marks))
}

/** Raises marks, in the running daemon or in the journal. It never lowers one and never sets a first one. */
export async function raise(
  options: MarksOptions & SelectOptions & { readonly level: number; readonly round?: number | undefined },
  { out }: Output,
): Promise<void> {
  const config = loadConfig(options.config, { stateDir: options.stateDir })
  const { key, chain, kind, level, round = 0 } = options
  const request = { key, chain, kind, level, round }
  const wanted = checked(markRequestSchema, request)
  const answer = await askDaemon(config.stateDir, 'POST', '/marks/raise', request)
  const report: RaiseReport =
    answer === undefined
      ? await withMarks(config, (store) => raiseMarks(store, wanted))
      : raiseAnswer.parse(answer)
  if (report.raised.length === 0) throw new RefusedError(nothingRaised(report, level, round))
  if (options.json === true) out(json(report))
  else out(marksTable([...report.raised, ...report.left]))
}

/** Sets first marks for configured keys, chains and kinds that have none. Refuses while a daemon owns the state. */
export async function seed(options: InitOptions & SelectOptions, { out }: Output): Promise<void> {
  const config = loadConfig(options.config, { stateDir: options.stateDir })
  const selection = readSelection(options)
  const { fresh, marks } = await withMarks(config, async (store) => {
    const known = store.marks()
    const missing = missingMarks(config, known).filter((mark) => isSelected(selection, mark))
    // A shared table may lack what this host's journal has: it is set there, never lower than the journal has it.
    const own = config.marks.shared === undefined ? [] : known.filter((mark) => isSelected(selection, mark))
    return { fresh: await store.seed([...seedsFor(config, missing, options), ...own]), marks: store.marks() }
  })
  if (options.json === true) out(json({ seeded: fresh, marks }))
  else out(`${fresh.length} new marks\n\n${marksTable(marks)}`)
}

/** The marks that a command's options name. Throws a UsageError. */
export function readSelection({ key, chain, kind }: SelectOptions): MarkSelection {
  return checked(markSelectionSchema, { key, chain, kind })
}

function checked<Value>(schema: z.ZodType<Value>, value: unknown): Value {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new UsageError(z.prettifyError(parsed.error))
}

function nothingRaised({ left }: RaiseReport, level: number, round: number): string {
  if (left.length === 0) return 'no such mark; to set a first one: tezio-bridge marks seed'
  const heights = left.map(
    (mark) => `${mark.kind} of ${mark.key} at level ${mark.level}, round ${mark.round}`,
  )
  return `level ${level}, round ${round} is not above the marks, and none is ever lowered: ${heights.join('; ')}`
}
