-- Which database this is. A copy of it (a backup put back, a clone, a standby that took over) holds as due what its
-- original has sent since, so publishing is held in a database that is not the one it says it is.

-- What tells a copy, cheap enough to be asked with every batch of sends, and open to any role:
-- * system_identifier: another cluster. It is made by initdb, so it tells a dump restored elsewhere and a pg_upgrade.
-- * timeline: a recovery that ended, be it to a point in time or of a standby that was promoted. It is read from the
--   name of the WAL file that is being written: pg_control_checkpoint() tells the new one only after the first
--   checkpoint, minutes after the promotion. During recovery this fails, as every write does.
-- * database_oid: another database of the same cluster: restored beside the old one, or a copy of a template.
-- * table_oid: a dump restored over the database that it was made of.
-- A copy of the disk that is started as it is (a storage snapshot) has all four: it is told from nothing.
CREATE TABLE instance_identity (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    system_identifier bigint NOT NULL,
    timeline integer NOT NULL,
    database_oid oid NOT NULL,
    table_oid oid NOT NULL,
    -- Held from held_at until released_at; not yet released while that is null. Kept after the release: what became too
    -- late meanwhile says so.
    held_at timestamptz,
    held_because text,
    released_at timestamptz,
    -- Set when a release begins that marks what may have gone out, so that an interrupted one goes on with it.
    released_lost_since timestamptz,
    -- What told that this is a copy, and when that was seen first: nothing that was accepted later has gone out before.
    noticed text,
    noticed_at timestamptz,
    -- Added to a transaction's number to give the number that its events carry, so that they come after all events
    -- that a dump brought from a cluster whose numbers were higher.
    event_offset bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE VIEW instance_evidence AS
SELECT s.system_identifier,
       ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer AS timeline,
       d.oid AS database_oid,
       'instance_identity'::regclass::oid AS table_oid
FROM pg_control_system() s, pg_database d WHERE d.datname = current_database();

-- The database that is migrated is the one that it is.
INSERT INTO instance_identity (system_identifier, timeline, database_oid, table_oid)
SELECT system_identifier, timeline, database_oid, table_oid FROM instance_evidence;
