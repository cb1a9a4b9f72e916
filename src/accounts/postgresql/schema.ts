import type { TableSet } from '../../shared-marks/index.js'

/**
 * The tables of accounts beside those of marks, with a version of their own: whoever keeps no accounts needs none of them.
 * A text that was released is never changed. The columns beside a record say nothing else than the record.
 */
export const ACCOUNT_TABLES: TableSet = {
  name: 'the set of tables for accounts',
  versions: 'tezio_bridge.accounts_versions',
  migrations: [
    `
CREATE TABLE tezio_bridge.accounts (
  address text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  owner text COLLATE "C" NOT NULL,
  idempotency_key text COLLATE "C",
  record jsonb NOT NULL,
  stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  stored_by text NOT NULL,
  token uuid NOT NULL,
  UNIQUE (owner, idempotency_key),
  CHECK (record ->> 'address' IS NOT DISTINCT FROM address),
  CHECK (record ->> 'accountId' IS NOT DISTINCT FROM account_id),
  CHECK (record ->> 'owner' IS NOT DISTINCT FROM owner),
  CHECK (record ->> 'idempotencyKey' IS NOT DISTINCT FROM idempotency_key)
);
COMMENT ON TABLE tezio_bridge.accounts IS 'Accounts, for good. Never change, delete or restore a row.';

CREATE TABLE tezio_bridge.account_intents (
  account_id text COLLATE "C" PRIMARY KEY,
  owner text COLLATE "C" NOT NULL,
  idempotency_key text COLLATE "C",
  record jsonb NOT NULL,
  stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  token uuid NOT NULL,
  UNIQUE (owner, idempotency_key),
  CHECK (record ->> 'accountId' IS NOT DISTINCT FROM account_id),
  CHECK (record ->> 'owner' IS NOT DISTINCT FROM owner),
  CHECK (record ->> 'idempotencyKey' IS NOT DISTINCT FROM idempotency_key)
);

CREATE TABLE tezio_bridge.vault (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  vault_id text COLLATE "C" NOT NULL,
  revision integer NOT NULL CHECK (revision >= 1),
  header jsonb NOT NULL,
  stored_by text NOT NULL,
  token uuid NOT NULL,
  CHECK (header ->> 'vaultId' IS NOT DISTINCT FROM vault_id),
  CHECK ((header ->> 'revision')::integer IS NOT DISTINCT FROM revision)
);
COMMENT ON TABLE tezio_bridge.vault IS 'What opens all vault accounts. Never delete or restore its row.';

CREATE FUNCTION tezio_bridge.accounts_stay() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
BEGIN
  RAISE EXCEPTION 'an account is never changed or deleted' USING ERRCODE = 'integrity_constraint_violation';
END
$body$;

CREATE FUNCTION tezio_bridge.vault_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
BEGIN
  IF TG_OP <> 'UPDATE' THEN
    RAISE EXCEPTION 'the vault is never deleted' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NEW.vault_id <> OLD.vault_id OR NEW.revision <> OLD.revision + 1 THEN
    RAISE EXCEPTION 'the slots are only exchanged for the next ones' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END
$body$;

CREATE TRIGGER accounts_stay BEFORE UPDATE OR DELETE ON tezio_bridge.accounts
  FOR EACH ROW EXECUTE FUNCTION tezio_bridge.accounts_stay();
CREATE TRIGGER accounts_stay_all BEFORE TRUNCATE ON tezio_bridge.accounts
  FOR EACH STATEMENT EXECUTE FUNCTION tezio_bridge.accounts_stay();
CREATE TRIGGER vault_stays BEFORE UPDATE OR DELETE ON tezio_bridge.vault
  FOR EACH ROW EXECUTE FUNCTION tezio_bridge.vault_stays();
CREATE TRIGGER vault_stays_all BEFORE TRUNCATE ON tezio_bridge.vault
  FOR EACH STATEMENT EXECUTE FUNCTION tezio_bridge.vault_stays();
`,
  ],
}

/** What the least role of a daemon with accounts needs beside that of the marks. */
export function accountGrants(role: string): readonly string[] {
  const name = `"${role.replaceAll('"', '""')}"`
  return [
    `GRANT SELECT ON tezio_bridge.accounts_versions TO ${name}`,
    `GRANT SELECT, INSERT ON tezio_bridge.accounts TO ${name}`,
    `GRANT SELECT, INSERT, DELETE ON tezio_bridge.account_intents TO ${name}`,
    `GRANT SELECT, INSERT, UPDATE ON tezio_bridge.vault TO ${name}`,
  ]
}
