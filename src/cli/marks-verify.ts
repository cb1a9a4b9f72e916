import { loadConfig } from '../config/index.js'
import { systemFiles, verifyHistory } from '../policy/index.js'
import { RefusedError } from './exit-code.js'
import type { MarksOptions } from './marks.js'
import { json, table, type Output } from './output.js'

/**
 * Checks every line, checksum and number of the journal and its rolled segments, and that no mark got lost between
 * them. It reads only, also beside a running daemon. Throws a RefusedError when anything is wrong.
 */
export function verifyMarks(options: MarksOptions, { out }: Output): void {
  const { stateDir } = loadConfig(options.config, { stateDir: options.stateDir })
  const { segments, problems, journal } = verifyHistory(systemFiles, stateDir)
  const quarantined = [...(journal?.quarantines.keys() ?? [])]
  const { exportedAt, tornBytes = 0 } = journal ?? {}
  if (options.json === true) {
    out(json({ sound: problems.length === 0, segments, problems, tornBytes, quarantined, exportedAt }))
  } else {
    const rows = segments.map(({ name, firstLine, lastLine, marks }) => {
      return [name, `${firstLine} to ${lastLine}`, String(marks)]
    })
    out(table(['SEGMENT', 'LINES', 'MARKS'], rows))
    if (tornBytes > 0)
      out(`the last line is not whole yet, or was torn off by a crash (${tornBytes} bytes)\n`)
    for (const key of quarantined) out(`${key} is in quarantine\n`)
    if (exportedAt !== undefined) out(`exported at ${exportedAt}: nothing is signed with it any more\n`)
  }
  if (problems.length > 0) {
    const lines = problems.map(({ name, reason }) => `${name}: ${reason}`)
    throw new RefusedError(`the journal in ${stateDir} is not sound:\n${lines.join('\n')}`)
  }
}
