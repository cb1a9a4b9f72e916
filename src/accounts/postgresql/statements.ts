import { DURABILITY } from '../../shared-marks/index.js'

/**
 * What stands beside every row that is told. A row whose writer was told that its commit failed to reach the standby is
 * visible all the same, and a fail-over would take it away behind the answer. The message in the log makes this
 * statement's own commit wait for the standby, at a place behind whatever wrote the row. Without a standby what is
 * visible is on the disk.
 */
const SAFE_TO_TELL = `CASE WHEN current_setting('synchronous_standby_names') <> ''
    THEN pg_logical_emit_message(true, 'tezio-bridge'::text, ''::text)::text END AS "waited",
  ${DURABILITY}`

/** One at a time for each call of an owner, until the end of the transaction. */
export const LOCK_CALL = `SELECT pg_advisory_xact_lock(hashtextextended('tezio_bridge.accounts/' || $1::text, 0))`

/** The account, and the end of its intent, in one step. */
export const ADD_ACCOUNT = `WITH added AS (
    INSERT INTO tezio_bridge.accounts (address, account_id, owner, idempotency_key, record, stored_by, token)
    VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7::uuid) ON CONFLICT DO NOTHING RETURNING account_id
  ), ended AS (
    DELETE FROM tezio_bridge.account_intents WHERE account_id IN (SELECT account_id FROM added)
  )
  SELECT EXISTS (SELECT FROM added) AS "done", ${DURABILITY}`

/** What stands in the way of an account, itself first; `mine` where an earlier try of the same call put it there. */
export const FIND_KNOWN = `SELECT record, token = $4::uuid AS "mine", ${SAFE_TO_TELL} FROM tezio_bridge.accounts
  WHERE address = $1 OR (owner = $2 AND idempotency_key = $3) ORDER BY address <> $1 LIMIT 1`

export const FIND_ACCOUNT = `SELECT record, ${SAFE_TO_TELL} FROM tezio_bridge.accounts WHERE address = $1`

export const FIND_CALL = `SELECT record, ${SAFE_TO_TELL} FROM tezio_bridge.accounts
  WHERE owner = $1 AND idempotency_key = $2`

export const ACCOUNTS = `SELECT ${SAFE_TO_TELL}, coalesce(
  (SELECT jsonb_agg(record ORDER BY stored_at, address) FROM tezio_bridge.accounts), '[]') AS "records"`

export const INTENTS = `SELECT ${SAFE_TO_TELL}, coalesce(
  (SELECT jsonb_agg(record ORDER BY stored_at, account_id) FROM tezio_bridge.account_intents), '[]') AS "records"`

export const ADD_INTENT = `WITH added AS (
    INSERT INTO tezio_bridge.account_intents (account_id, owner, idempotency_key, record, token)
    VALUES ($1, $2, $3, $4::jsonb, $5::uuid) ON CONFLICT DO NOTHING RETURNING account_id
  )
  SELECT EXISTS (SELECT FROM added) AS "done", ${DURABILITY}`

export const FIND_INTENT = `SELECT record, token = $4::uuid AS "mine", ${SAFE_TO_TELL}
  FROM tezio_bridge.account_intents
  WHERE account_id = $1 OR (owner = $2 AND idempotency_key = $3) ORDER BY account_id <> $1 LIMIT 1`

export const CLOSE_INTENT = `WITH ended AS (
    DELETE FROM tezio_bridge.account_intents WHERE account_id = $1 RETURNING account_id
  )
  SELECT EXISTS (SELECT FROM ended) AS "done", ${DURABILITY}`

export const VAULT = `SELECT header, ${SAFE_TO_TELL} FROM tezio_bridge.vault`

export const CREATE_VAULT = `INSERT INTO tezio_bridge.vault (vault_id, revision, header, stored_by, token)
  VALUES ($1, $2, $3::jsonb, $4, $5::uuid) ON CONFLICT DO NOTHING`

/** Only from the revision before: of two that come at once the second finds another one under the row's lock. */
export const REPLACE_SLOTS = `UPDATE tezio_bridge.vault SET revision = $2, header = $3::jsonb, stored_by = $4,
  token = $5::uuid WHERE vault_id = $1 AND revision = $2 - 1`

/** The row whose token tells whether it is this call's, also where a try that nobody heard of wrote it. */
export const VAULT_WRITTEN = `SELECT token = $1::uuid AS "mine", ${SAFE_TO_TELL} FROM tezio_bridge.vault`
