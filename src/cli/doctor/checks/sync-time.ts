import { open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { systemErrorCode } from '../../../system-error.js'
import { NO_CONFIG, fail, pass, skip, warn, type Check, type Finding } from '../check.js'

const SAMPLES = 20
/** About as long as a line of the journal. */
const LINE = new Uint8Array(400).fill(0x20, 0, 399).fill(0x0a, 399)
const SLOW_MS = 50
const TOO_SLOW_MS = 500
const LIMIT_MS = 7000

/**
 * Appends a line to a new file in `directory` and syncs it, some 20 times, as the journal does; how long each took,
 * in ms. The file is removed whatever happens. Rejects with what the system says, or when `signal` is aborted.
 */
export async function measureSync(directory: string, signal: AbortSignal): Promise<readonly number[]> {
  const path = join(directory, `.doctor-${process.pid}`)
  const file = await open(path, 'wx', 0o600)
  try {
    const took: number[] = []
    for (let sample = 0; sample < SAMPLES; sample++) {
      signal.throwIfAborted()
      const begunAt = performance.now()
      await file.write(LINE)
      await file.datasync()
      took.push(performance.now() - begunAt)
    }
    return took
  } finally {
    await unlink(path)
    await file.close()
  }
}

/** Every block and vote waits for one such sync before the board is asked. */
export function judgeSync(took: readonly number[]): Finding {
  const sorted = [...took].sort((left, right) => left - right)
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0
  const words = `median ${median.toFixed(1)} ms, at most ${(sorted.at(-1) ?? 0).toFixed(1)} ms, of ${took.length} syncs`
  const remedy = 'move the state directory to a faster disk: an SSD, not an SD card'
  if (median > TOO_SLOW_MS) return fail(`${words}: too slow to bake with`, remedy)
  return median > SLOW_MS ? warn(`${words}: every signature waits for it`, remedy) : pass(words)
}

const syncTime: Check = {
  id: 'state-sync-time',
  title: 'Time of a sync',
  isAlone: true,
  run: async ({ state, host, signal }) => {
    const facts = state()
    if (facts === undefined) return skip(NO_CONFIG)
    if (facts.outcome === 'missing' || !facts.isDirectory) return skip('there is no state directory')
    try {
      return judgeSync(
        await measureSync(facts.directory, AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)])),
      )
    } catch (error) {
      const code = systemErrorCode(error)
      const isOwn = [0, facts.uid].includes(host.identity.uid)
      if (code === 'EACCES' && !isOwn)
        return skip(`only ${facts.owner} may write there: sudo -u ${facts.owner} tezio-bridge doctor`)
      if (code === undefined) throw error
      return fail(
        `nothing can be written to ${facts.directory} (${code})`,
        `let ${facts.owner} write there: ls -ld ${facts.directory}, and findmnt -T ${facts.directory}`,
      )
    }
  },
}

/** How long a mark takes to become durable. */
export const syncChecks: readonly Check[] = [syncTime]
