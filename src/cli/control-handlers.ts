import { z } from 'zod'
import type { Config } from '../config/index.js'
import type { DeviceSet } from './device-set.js'
import { markName, type MarkRecord } from '../policy/index.js'
import type { Telemetry } from '../telemetry/index.js'
import { HttpRefusalError, type ControlHandlers } from '../server/index.js'
import type { OwnMarks } from './own-marks.js'
import { describeKeys, describeTokenKeys } from './key-table.js'
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
    accounts,
  }: {
    readonly devices: DeviceSet
    readonly store: OwnMarks
    readonly telemetry: Telemetry
    readonly accounts?: ControlHandlers['accounts']
  },
): ControlHandlers {
  return {
    accounts,
    keys: () => {
      const quarantines = store.quarantines()
      const keys = devices.list.flatMap(({ name, kind, boardKeys, publicKeyOf }) =>
        kind === 'tezio'
          ? describeKeys(boardKeys(), config, quarantines, name)
          : describeTokenKeys(publicKeyOf, config, quarantines, name),
      )
      const states = devices.list.map(({ name, kind, health }) => {
        const { state, path } = health()
        return { name, kind, state, path }
      })
      return { device: states[0], devices: states, keys }
    },
    marks: () => ({ marks: store.marks() }),
    status: () => telemetry.status(),
    raise: async (request) => {
      const parsed = markRequestSchema.safeParse(request)
      if (!parsed.success) throw new HttpRefusalError('malformed-body', z.prettifyError(parsed.error))
      return await raiseMarks(store, parsed.data)
    },
    clearQuarantine: async (request) => {
      const parsed = clearQuarantineSchema.safeParse(request)
      if (!parsed.success) throw new HttpRefusalError('malformed-body', z.prettifyError(parsed.error))
      return { cleared: await store.clearQuarantine(parsed.data.key) }
    },
  }
}

/** Raises every selected mark that is lower; it lowers none. */
export async function raiseMarks(store: OwnMarks, request: MarkRequest): Promise<RaiseReport> {
  const { level, round } = request
  const isRaised = new Set<string>()
  for (const { chain, key, kind } of store.marks().filter((mark) => isSelected(request, mark))) {
    const { outcome } = await store.raise({ chain, key, kind, level, round })
    if (outcome === 'raised') isRaised.add(markName({ chain, key, kind }))
  }
  const now = store.marks().filter((mark) => isSelected(request, mark))
  return {
    raised: now.filter((mark) => isRaised.has(markName(mark))),
    left: now.filter((mark) => !isRaised.has(markName(mark))),
  }
}
