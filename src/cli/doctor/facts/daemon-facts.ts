import { z } from 'zod'
import type { Config } from '../../../config/index.js'
import { askDaemon } from '../../control-client.js'
import { stateOwner, type Host, type ProcessName } from '../../host/index.js'
import type { KeyRow } from '../../key-table.js'

/** A device as the daemon has it. */
export type DaemonDevice = {
  readonly name: string
  readonly state: string
  readonly path?: string | undefined
}

/** Whether a daemon runs on the state directory, and what it says. */
export type DaemonFacts =
  | { readonly outcome: 'none' }
  | {
      readonly outcome: 'answers'
      readonly process: ProcessName | undefined
      readonly devices: readonly DaemonDevice[]
      readonly keys: readonly KeyRow[]
    }
  /** Something owns the state, or may, and cannot be asked. */
  | { readonly outcome: 'silent'; readonly process: ProcessName | undefined; readonly reason: string }

const answerSchema = z.object({
  devices: z.array(z.object({ name: z.string(), state: z.string(), path: z.string().optional() })),
  keys: z.array(z.custom<KeyRow>()),
})

/** Asks the daemon over its control socket; looks at the lock when nobody answers there. */
export async function daemonFacts(host: Host, { stateDir }: Config): Promise<DaemonFacts> {
  const process = stateOwner(host, stateDir)
  try {
    const answer = await askDaemon(stateDir, 'GET', '/keys')
    if (answer !== undefined) return { outcome: 'answers', process, ...answerSchema.parse(answer) }
    if (process === undefined) return { outcome: 'none' }
    return { outcome: 'silent', process, reason: 'it has no control socket' }
  } catch (error) {
    return { outcome: 'silent', process, reason: error instanceof Error ? error.message : String(error) }
  }
}
