import { z } from 'zod'
import type { Config } from '../config/index.js'
import type { DeviceSet } from './device-set.js'
import type { MarkRecord, MarksJournal } from '../policy/index.js'
import type { Telemetry } from '../telemetry/index.js'
import { HttpRefusalError, type ControlHandlers } from '../server/index.js'
import { describeKeys } from './key-table.js'
import { clearQuarantineSchema, isSelected, markRequestSchema, type MarkRequest } from './mark-selection.js'

/** What became of a raise: the marks as they stand now, and those that were as high already. */
export type RaiseReport = { readonly raised: readonly MarkRecord[]; readonly left: readonly MarkRecord[] }

/** Answers the command line from inside the daemon. */
export function controlHandlers(
  config: Config,
  {
    devices,
    store,
    telemetry,
  }: { readonly devices: DeviceSet; readonly store: MarksJournal; readonly telemetry: Telemetry },
): ControlHandlers {
  return {
    keys: () => {
      const keys = devices.list.flatMap(({ name, boardKeys }) =>
        describeKeys(boardKeys(), config, store.quarantines(), name),
      )
      const states = devices.list.map(({ name, kind, health }) => {
        const { state, path } = health()
        return { name, kind, state, path }
      })
      return { device: states[0], devices: states, keys }
    },
    marks: () => ({ marks: store.marks() }),
    status: () => telemetry.status(),
    raise: (request) => {
      const parsed = markRequestSchema.safeParse(request)
      if (!parsed.success) throw new HttpRefusalError('malformed-body', z.prettifyError(parsed.error))
      return raiseMarks(store, parsed.data)
    },
    clearQuarantine: (request) => {
      const parsed = clearQuarantineSchema.safeParse(request)
      if (!parsed.success) throw new HttpRefusalError('malformed-body', z.prettifyError(parsed.error))
      return { cleared: store.clearQuarantine(parsed.data.key) }
    },
  }
}

/** Raises every selected mark that is lower; it lowers none. */
export function raiseMarks(store: MarksJournal, request: MarkRequest): RaiseReport {
  const { level, round } = request
  const selected = store.marks().filter((mark) => isSelected(request, mark))
  const isRaised = selected.map(
    ({ chain, key, kind }) => store.raise({ chain, key, kind, level, round }).outcome === 'raised',
  )
  const now = store.marks().filter((mark) => isSelected(request, mark))
  return {
    raised: now.filter((_, index) => isRaised[index]),
    left: now.filter((_, index) => !isRaised[index]),
  }
}
