//! Every statement of the store. Each is one round trip and atomic by itself; `$1` is always the name of the state.

pub(super) const HEAD: &str = "SELECT serial, digest, document FROM djogi.state WHERE name = $1";

pub(super) const HISTORY: &str =
    "SELECT serial FROM djogi.state_history WHERE name = $1 AND serial < $2 ORDER BY serial";

pub(super) const REVISION: &str = "SELECT document FROM djogi.state_history WHERE name = $1 AND serial = $2";

pub(super) const NEWEST_REVISIONS: &str =
    "SELECT serial, document FROM djogi.state_history WHERE name = $1 ORDER BY serial DESC";

/// The first state of a name.
pub(super) const INSERT_STATE: &str = "
INSERT INTO djogi.state (name, serial, digest, document) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO NOTHING
RETURNING serial";

/// From the state with serial `$2` and digest `$3` to the next one; with `$8`, without the catalogs that nothing refers
/// to any more. Another writer is waited for, and when it has
/// moved the state, nothing matches and nothing is written.
pub(super) const MOVE_STATE: &str = "
WITH old AS (
    SELECT serial, digest, document FROM djogi.state
     WHERE name = $1 AND serial = $2 AND digest = $3
       FOR UPDATE
), kept AS (
    INSERT INTO djogi.state_history (name, serial, digest, document)
    SELECT $1, serial, digest, document FROM old
    ON CONFLICT (name, serial) DO UPDATE SET digest = excluded.digest, document = excluded.document
), forgotten AS (
    DELETE FROM djogi.state_history h USING old WHERE h.name = $1 AND h.serial <= old.serial - $7
), collected AS (
    DELETE FROM djogi.state_catalog c USING old
     WHERE $8 AND c.name = $1
       AND position(pg_catalog.convert_to(c.digest, 'UTF8') IN $6) = 0
       AND position(pg_catalog.convert_to(c.digest, 'UTF8') IN old.document) = 0
       AND NOT EXISTS (SELECT FROM djogi.state_history h
                        WHERE h.name = $1 AND h.serial > old.serial - $7
                          AND position(pg_catalog.convert_to(c.digest, 'UTF8') IN h.document) > 0)
       AND NOT EXISTS (SELECT FROM djogi.state_backup b
                        WHERE b.name = $1 AND position(pg_catalog.convert_to(c.digest, 'UTF8') IN b.document) > 0)
)
UPDATE djogi.state s SET serial = $4, digest = $5, document = $6
  FROM old
 WHERE s.name = $1 AND s.serial = $2 AND s.digest = $3
RETURNING s.serial";

/// The catalogs that nothing refers to.
pub(super) const UNUSED_CATALOGS: &str = "
SELECT c.digest FROM djogi.state_catalog c
 WHERE c.name = $1
   AND NOT EXISTS (SELECT FROM djogi.state s
                    WHERE s.name = $1 AND position(pg_catalog.convert_to(c.digest, 'UTF8') IN s.document) > 0)
   AND NOT EXISTS (SELECT FROM djogi.state_history h
                    WHERE h.name = $1 AND position(pg_catalog.convert_to(c.digest, 'UTF8') IN h.document) > 0)
   AND NOT EXISTS (SELECT FROM djogi.state_backup b
                    WHERE b.name = $1 AND position(pg_catalog.convert_to(c.digest, 'UTF8') IN b.document) > 0)";

/// A state of any serial with its history, where there is none.
const TAKE_OVER: &str = "
WITH head AS (
    INSERT INTO djogi.state (name, serial, digest, document) VALUES ($1, $2, $3, $4)
    ON CONFLICT (name) DO NOTHING
    RETURNING serial
), history AS (
    INSERT INTO djogi.state_history (name, serial, digest, document)
    SELECT $1, revision.serial, revision.digest, revision.document
      FROM unnest($5::bigint[], $6::text[], $7::bytea[]) AS revision (serial, digest, document), head
    ON CONFLICT (name, serial) DO UPDATE SET digest = excluded.digest, document = excluded.document
)
SELECT serial FROM head";

/// Gives everything of the state with serial `$2` and digest `$3` the name `$4`.
const PUT_ASIDE: &str = "
WITH head AS (
    UPDATE djogi.state SET name = $4 WHERE name = $1 AND serial = $2 AND digest = $3 RETURNING serial
), history AS (
    UPDATE djogi.state_history SET name = $4 FROM head WHERE name = $1
), backup AS (
    UPDATE djogi.state_backup SET name = $4 FROM head WHERE name = $1
), catalog AS (
    UPDATE djogi.state_catalog SET name = $4 FROM head WHERE name = $1
), sidecar AS (
    UPDATE djogi.state_sidecar SET name = $4 FROM head WHERE name = $1
), quarantine AS (
    UPDATE djogi.state_quarantine SET name = $4 FROM head WHERE name = $1
), approval AS (
    UPDATE djogi.state_approval SET name = $4 FROM head WHERE name = $1
)
SELECT serial FROM head";

/// When the server was started, and which of its databases this is.
pub(super) const SERVER: &str = "
SELECT pg_catalog.pg_postmaster_start_time()::text, d.oid::text
  FROM pg_catalog.pg_database d
 WHERE d.datname = pg_catalog.current_database()";

pub(super) const NAMES: &str = "SELECT name FROM djogi.state WHERE pg_catalog.starts_with(name, $1)";

/// Whether the catalog is there and intact, without fetching it.
pub(super) const HAS_CATALOG: &str = "
SELECT EXISTS (SELECT FROM djogi.state_catalog
                WHERE name = $1 AND digest = $2
                  AND 'sha256:' || pg_catalog.encode(pg_catalog.sha256(document), 'hex') = $2)";

pub(super) const CATALOG: &str = "SELECT document FROM djogi.state_catalog WHERE name = $1 AND digest = $2";

const PUT_CATALOG: &str = "
INSERT INTO djogi.state_catalog (name, digest, document) VALUES ($1, $2, $3)
ON CONFLICT (name, digest) DO UPDATE SET document = excluded.document";

pub(super) const SIDECARS: &str =
    "SELECT op_id, document FROM djogi.state_sidecar WHERE name = $1 ORDER BY op_id";

pub(super) const SIDECAR: &str = "SELECT FROM djogi.state_sidecar WHERE name = $1 AND op_id = $2";

const PUT_SIDECAR: &str = "
INSERT INTO djogi.state_sidecar (name, op_id, document) VALUES ($1, $2, $3)
ON CONFLICT (name, op_id) DO UPDATE SET document = excluded.document";

const RETIRE_SIDECAR: &str = "
DELETE FROM djogi.state_sidecar WHERE name = $1 AND op_id = $2";

const QUARANTINE_SIDECAR: &str = "
WITH gone AS (
    DELETE FROM djogi.state_sidecar WHERE name = $1 AND op_id = $2 RETURNING name, op_id, document
)
INSERT INTO djogi.state_quarantine (name, op_id, document) SELECT name, op_id, document FROM gone
RETURNING number";

/// Whole states that were damaged are kept in the same table.
pub(super) const QUARANTINED_SIDECARS: &str =
    "SELECT number, op_id FROM djogi.state_quarantine WHERE name = $1 AND op_id <> 'state' ORDER BY number";

pub(super) const APPROVALS: &str =
    "SELECT approval_id, document FROM djogi.state_approval WHERE name = $1 ORDER BY approval_id";

const PUT_APPROVAL: &str = "
INSERT INTO djogi.state_approval (name, approval_id, document) VALUES ($1, $2, $3)
ON CONFLICT (name, approval_id) DO UPDATE SET document = excluded.document";

pub(super) const BACKUPS: &str =
    "SELECT serial, run_id FROM djogi.state_backup WHERE name = $1 ORDER BY serial, run_id";

pub(super) const BACKUP: &str =
    "SELECT document FROM djogi.state_backup WHERE name = $1 AND serial = $2 AND run_id = $3";

const SAVE_BACKUP: &str = "
INSERT INTO djogi.state_backup (name, serial, run_id, document) VALUES ($1, $2, $3, $4)
ON CONFLICT (name, serial, run_id) DO UPDATE SET document = excluded.document";

/// Puts a state in the place of the bytes `$5`, and keeps these.
const REPLACE_DAMAGED: &str = "
WITH moved AS (
    UPDATE djogi.state SET serial = $2, digest = $3, document = $4 WHERE name = $1 AND document = $5 RETURNING name
)
INSERT INTO djogi.state_quarantine (name, op_id, document) SELECT name, 'state', $5 FROM moved
RETURNING number";

pub(super) const NEWEST_SERIAL: &str = "
SELECT greatest((SELECT s.serial FROM djogi.state s WHERE s.name = $1),
                (SELECT pg_catalog.max(h.serial) FROM djogi.state_history h WHERE h.name = $1))";

pub(super) const KEPT: &str = "SELECT serial FROM djogi.state_history WHERE name = $1 ORDER BY serial";

/// The statements that write the same however often they run.
#[derive(Clone, Copy, Debug)]
pub(super) enum Write {
    TakeOver,
    PutAside,
    Catalog,
    Sidecar,
    RetireSidecar,
    QuarantineSidecar,
    Approval,
    Backup,
    Damaged,
}

impl Write {
    pub(super) fn text_of_write(self) -> &'static str {
        match self {
            Write::TakeOver => TAKE_OVER,
            Write::PutAside => PUT_ASIDE,
            Write::Catalog => PUT_CATALOG,
            Write::Sidecar => PUT_SIDECAR,
            Write::RetireSidecar => RETIRE_SIDECAR,
            Write::QuarantineSidecar => QUARANTINE_SIDECAR,
            Write::Approval => PUT_APPROVAL,
            Write::Backup => SAVE_BACKUP,
            Write::Damaged => REPLACE_DAMAGED,
        }
    }
}
