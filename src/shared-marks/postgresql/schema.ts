/**
 * The schema, one text for each version; a text that was released is never changed. Names are written with their schema
 * everywhere, so that nobody's search_path counts. Text is compared byte by byte ("C"): an index does not break when the
 * system's collations change.
 */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE tezio_bridge.marks (
  chain text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('block', 'preattestation', 'attestation')),
  level integer NOT NULL CHECK (level >= 0),
  round integer NOT NULL CHECK (round >= 0),
  digest text COLLATE "C" CHECK (digest ~ '^[0-9a-f]{64}$'),
  signature text COLLATE "C" CHECK (signature ~ '^[0-9a-f]{128}$'),
  raised_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  raised_by text NOT NULL,
  token uuid NOT NULL,
  PRIMARY KEY (chain, key, kind),
  CHECK (signature IS NULL OR digest IS NOT NULL)
) WITH (fillfactor = 50);
COMMENT ON TABLE tezio_bridge.marks IS 'What was let through last. Never lower, delete or restore a row.';

CREATE TABLE tezio_bridge.quarantines (
  key text COLLATE "C" PRIMARY KEY,
  digest text COLLATE "C" NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  set_by text NOT NULL,
  token uuid NOT NULL
);

CREATE TABLE tezio_bridge.spends (
  key text COLLATE "C" NOT NULL,
  digest text COLLATE "C" NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
  mutez numeric(24) NOT NULL CHECK (mutez >= 0),
  fee_mutez numeric(24) NOT NULL CHECK (fee_mutez >= 0),
  at timestamptz NOT NULL,
  spent_by text NOT NULL,
  PRIMARY KEY (key, digest)
);

CREATE FUNCTION tezio_bridge.marks_only_rise() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
BEGIN
  IF TG_OP <> 'UPDATE' THEN
    RAISE EXCEPTION 'a mark is never deleted' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF (NEW.chain, NEW.key, NEW.kind) IS DISTINCT FROM (OLD.chain, OLD.key, OLD.kind) THEN
    RAISE EXCEPTION 'a mark is never moved' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF (NEW.level, NEW.round) < (OLD.level, OLD.round) THEN
    RAISE EXCEPTION 'a mark is never lowered' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF (NEW.level, NEW.round) = (OLD.level, OLD.round) AND NEW.digest IS DISTINCT FROM OLD.digest THEN
    RAISE EXCEPTION 'a mark never changes its payload' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END
$body$;

CREATE TRIGGER marks_only_rise BEFORE UPDATE OR DELETE ON tezio_bridge.marks
  FOR EACH ROW EXECUTE FUNCTION tezio_bridge.marks_only_rise();
CREATE TRIGGER marks_stay BEFORE TRUNCATE ON tezio_bridge.marks
  FOR EACH STATEMENT EXECUTE FUNCTION tezio_bridge.marks_only_rise();
`,
]

/** The version that this program needs. */
export const SCHEMA_VERSION = MIGRATIONS.length

/** Tables that are made and versioned together. */
export type TableSet = {
  /** For messages. */
  readonly name: string
  /** The table that has their version. */
  readonly versions: string
  /** One text for each version. */
  readonly migrations: readonly string[]
}

/** The tables of marks. */
export const MARKS_TABLES: TableSet = {
  name: 'the schema tezio_bridge',
  versions: 'tezio_bridge.versions',
  migrations: MIGRATIONS,
}

/** What the least role of a daemon needs; `init` and `marks seed` need INSERT on marks beside it. */
export function grants(role: string): readonly string[] {
  const name = `"${role.replaceAll('"', '""')}"`
  return [
    `GRANT USAGE ON SCHEMA tezio_bridge TO ${name}`,
    `GRANT SELECT ON tezio_bridge.versions TO ${name}`,
    `GRANT SELECT, UPDATE ON tezio_bridge.marks TO ${name}`,
    `GRANT SELECT, INSERT, DELETE ON tezio_bridge.quarantines TO ${name}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON tezio_bridge.spends TO ${name}`,
  ]
}
