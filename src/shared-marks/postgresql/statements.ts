import { DURABILITY } from './server-facts.js'

/** The condition of a raise, where $4 and $5 are wanted, $6 and $7 the floor (or null), $8 the gap (or null). */
const MAY_RAISE = `(level, round) < ($4::int, $5::int)
    AND ($6::int IS NULL OR (level, round) >= ($6::int, $7::int))
    AND ($8::bigint IS NULL OR (level = 0 AND digest IS NULL) OR $4::bigint - level <= $8::bigint)`

const STANDS = `level, round, digest, signature`

/** Sets each column where `condition` holds, and writes the row in any case. */
function setWhere(condition: string, values: Readonly<Record<string, string>>): string {
  const sets = Object.entries(values).map(
    ([column, value]) => `${column} = CASE WHEN ${condition} THEN ${value} ELSE ${column} END`,
  )
  return sets.join(',\n  ')
}

/**
 * Raises, or leaves, and tells what stands. The row is written in any case, for two reasons. Writing takes its lock: a
 * concurrent raise is waited for, and READ COMMITTED works the conditions and what is returned out again on the row as
 * that left it (EvalPlanQual), so that nothing comes between the decision and the answer. And the commit of this
 * statement waits for the disk, and for the standby where there is one, at a place in the log behind whatever wrote the
 * row before: what is answered as standing is durable even where the one who wrote it never heard so.
 */
export const RAISE = `UPDATE tezio_bridge.marks SET
  ${setWhere(MAY_RAISE, {
    level: '$4::int',
    round: '$5::int',
    digest: '$9',
    signature: 'NULL',
    raised_at: 'clock_timestamp()',
    raised_by: '$10',
    token: '$11::uuid',
  })}
  WHERE chain = $1 AND key = $2 AND kind = $3
  RETURNING ${STANDS}, token = $11::uuid AS "raised", ${DURABILITY}`

/** The first signature stays: both are of one payload. */
export const KEEP_SIGNATURE = `UPDATE tezio_bridge.marks SET signature = coalesce(signature, $7)
  WHERE chain = $1 AND key = $2 AND kind = $3 AND level = $4 AND round = $5 AND digest = $6`

export const SEED = `INSERT INTO tezio_bridge.marks (chain, key, kind, level, round, raised_by, token)
  VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`

/** The row whose token tells whether a try that nobody heard of did it. */
export const SEEDED = `SELECT token = $4::uuid AS "mine", ${DURABILITY} FROM tezio_bridge.marks
  WHERE chain = $1 AND key = $2 AND kind = $3`

/** Locks a mark, and tells it. */
export const LOCK_MARK = `SELECT ${STANDS}, token = $4::uuid AS "raised", ${isoOf('raised_at')} AS "raisedAt"
  FROM tezio_bridge.marks WHERE chain = $1 AND key = $2 AND kind = $3 FOR UPDATE`

/** To be sent behind LOCK_MARK. Writes the row in any case, as RAISE does. */
export const WRITE_MARK = `UPDATE tezio_bridge.marks SET
  ${setWhere('(level, round) < ($4::int, $5::int)', {
    level: '$4::int',
    round: '$5::int',
    digest: '$6',
    signature: '$7',
    raised_at: 'clock_timestamp()',
    raised_by: '$8',
    token: '$9::uuid',
  })}
  WHERE chain = $1 AND key = $2 AND kind = $3
  RETURNING ${STANDS}, token = $9::uuid AS "raised", ${DURABILITY}`

export const QUARANTINE = `INSERT INTO tezio_bridge.quarantines (key, digest, set_by, token)
  VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`

export const FIND_QUARANTINE = `SELECT token::text AS "token" FROM tezio_bridge.quarantines WHERE key = $1`

/** That very quarantine, and no later one: the statement may arrive late. */
export const CLEAR_QUARANTINE = `DELETE FROM tezio_bridge.quarantines WHERE key = $1 AND token = $2::uuid`

/** One at a time for each key, until the end of the transaction. */
export const LOCK_SPENDS = `SELECT pg_advisory_xact_lock(hashtextextended('tezio_bridge.spends/' || $1, 0))`

export const SPENDS_OF = `SELECT ${isoOf('clock_timestamp()')} AS "now", coalesce((SELECT json_agg(json_build_object(
    'key', key, 'digest', digest, 'mutez', mutez::text, 'feeMutez', fee_mutez::text, 'at', ${isoOf('at')}))
  FROM tezio_bridge.spends WHERE key = $1), '[]') AS "spends", ${DURABILITY}`

/** A clock that was set back frees nothing. */
export const SPEND = `INSERT INTO tezio_bridge.spends AS known (key, digest, mutez, fee_mutez, at, spent_by)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (key, digest) DO UPDATE SET at = greatest(known.at, excluded.at), spent_by = excluded.spent_by`

/** What no window can need. */
export const FORGET_SPENDS = `DELETE FROM tezio_bridge.spends
  WHERE key = $1 AND at <= $2::timestamptz - make_interval(hours => $3)`

/** Everything in one statement: it sees one instant. */
export const READ = `SELECT
  coalesce((SELECT json_agg(json_build_object('chain', chain, 'key', key, 'kind', kind, 'level', level, 'round', round,
    'digest', digest, 'signature', signature, 'raisedAt', ${isoOf('raised_at')}))
    FROM tezio_bridge.marks), '[]') AS "marks",
  coalesce((SELECT json_agg(json_build_object('key', key, 'digest', digest, 'since', ${isoOf('since')}))
    FROM tezio_bridge.quarantines), '[]') AS "quarantines",
  coalesce((SELECT json_agg(json_build_object('key', key, 'digest', digest, 'mutez', mutez::text,
    'feeMutez', fee_mutez::text, 'at', ${isoOf('at')})) FROM tezio_bridge.spends), '[]') AS "spends",
  ${DURABILITY}`

function isoOf(expression: string): string {
  return `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
}
