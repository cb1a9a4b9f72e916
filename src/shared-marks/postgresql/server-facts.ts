import { z } from 'zod'
import { TableFault } from './fault.js'

/** What of a server's state decides whether a commit on it can be relied on, as columns of any statement. */
export const DURABILITY = `current_setting('fsync') AS "fsync",
  current_setting('synchronous_commit') AS "synchronousCommit",
  current_setting('synchronous_standby_names') AS "standbys",
  current_setting('transaction_read_only') AS "readOnly",
  pg_is_in_recovery() AS "recovery"`

/** Sets what a session needs: at least `on`; `remote_apply`, the only stronger one, stays. */
export const PREPARE_SESSION = `SELECT set_config('synchronous_commit',
    CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false),
  set_config('default_transaction_isolation', 'read committed', false)`

export const durability = z.object({
  fsync: z.string(),
  synchronousCommit: z.string(),
  standbys: z.string(),
  readOnly: z.string(),
  recovery: z.boolean(),
})

/** Throws why a commit on this server cannot be relied on. `servers`: how many urls are configured. */
export function refuseUnsafeServer(facts: z.infer<typeof durability>, servers: number): void {
  if (facts.recovery) throw unsafe('the server is a standby; write to the primary', true)
  if (facts.readOnly === 'on') throw unsafe('the server is read-only; write to the primary', true)
  if (facts.fsync !== 'on') {
    throw unsafe('the server runs with fsync=off and loses marks in a power cut; set fsync=on and reload it')
  }
  if (!['on', 'remote_apply'].includes(facts.synchronousCommit)) {
    const advice = 'connect to the server itself, or to a pooler in session mode'
    throw unsafe(`the statement ran with synchronous_commit=${facts.synchronousCommit}; ${advice}`)
  }
  if (servers > 1 && facts.standbys.trim() === '') {
    const why = 'marks would be lost when another server takes over'
    throw unsafe(
      `${servers} urls are configured, and the server has no synchronous standby: ${why}; set synchronous_standby_names`,
    )
  }
}

function unsafe(text: string, passing = false): TableFault {
  return new TableFault('marks-unavailable', text, passing)
}
