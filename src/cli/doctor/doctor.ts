import { systemHost, type Host } from '../host/index.js'
import { EXIT, type ExitCode } from '../exit-code.js'
import { json, type Output } from '../output.js'
import { CHECKS } from './checks/index.js'
import { examine } from './examine.js'
import { gatherFacts } from './facts.js'
import type { DoctorOptions } from './options.js'
import { reportText, summarise } from './report.js'

/** What the command line says, and how the answer is to look. */
export type DoctorRun = DoctorOptions & { readonly json: boolean; readonly isColoured: boolean }

/** Looks at everything, tells what it found, and resolves with 1 where anything failed, else 0. It mends nothing. */
export async function doctor(
  options: DoctorRun,
  output: Output,
  host: Host = systemHost(),
): Promise<ExitCode> {
  const interrupted = new AbortController()
  const interrupt = () => {
    interrupted.abort(new Error('it was interrupted'))
  }
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    const results = await examine(CHECKS, gatherFacts(options, host, interrupted.signal))
    const summary = summarise(results)
    output.out(options.json ? json({ checks: results, summary }) : reportText(results, options.isColoured))
    return summary.failed === 0 ? EXIT.ok : EXIT.failed
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}
