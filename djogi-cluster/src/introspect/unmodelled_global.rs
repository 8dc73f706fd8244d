//! Objects of the whole database that the catalog has no kind for and that no managed object can be needed by.
//!
//! They are never changed; they are counted and named.

use djogi_core::observation::Unmodelled;

use super::error::IntrospectError;
use super::reader::{FieldError, Fields, Reader};
use super::user_mapping::visible;

/// Members of extensions are left out, and mappings whose options can be read.
const SQL: &str = concat!(
    "
WITH found (class, oid) AS (
    SELECT 'pg_catalog.pg_subscription'::pg_catalog.regclass, o.oid
      FROM pg_catalog.pg_subscription o
      JOIN pg_catalog.pg_database     d ON d.oid = o.subdbid
     WHERE d.datname = pg_catalog.current_database()
     UNION ALL
    SELECT 'pg_catalog.pg_user_mapping'::pg_catalog.regclass, o.umid
      FROM pg_catalog.pg_user_mappings  o
      JOIN pg_catalog.pg_foreign_server s ON s.oid = o.srvid
     WHERE NOT (",
    visible!("o"),
    ")
)
SELECT i.type,
       i.identity
  FROM found f
 CROSS JOIN LATERAL pg_catalog.pg_identify_object(f.class, f.oid, 0) i
 WHERE i.identity IS NOT NULL
   AND NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend e
                    WHERE e.classid = f.class
                      AND e.objid   = f.oid
                      AND e.deptype = 'e')"
);

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Unmodelled>, IntrospectError> {
    reader.rows("objects of the database", SQL, decode).await
}

fn decode(row: &mut Fields<'_>) -> Result<Unmodelled, FieldError> {
    Ok(Unmodelled { kind: row.take()?, name: row.take()? })
}
