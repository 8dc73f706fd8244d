//! Objects of the whole database that the catalog has no kind for and that no managed object can be needed by, and what is
//! said of objects that the catalog has no place for.
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
    SELECT 'pg_catalog.pg_user_mapping'::pg_catalog.regclass, o.umid
      FROM pg_catalog.pg_user_mappings  o
      JOIN pg_catalog.pg_foreign_server s ON s.oid = o.srvid
     WHERE NOT (",
    visible!("o"),
    ")
     UNION ALL
    SELECT 'pg_catalog.pg_am'::pg_catalog.regclass, o.oid
      FROM pg_catalog.pg_am o
     WHERE o.oid >= 16384
     UNION ALL
    SELECT 'pg_catalog.pg_transform'::pg_catalog.regclass, o.oid
      FROM pg_catalog.pg_transform o
     WHERE o.oid >= 16384
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
                      AND e.deptype = 'e')
 UNION ALL
SELECT 'security label of ' || i.type,
       i.identity
  FROM pg_catalog.pg_seclabel l
 CROSS JOIN LATERAL pg_catalog.pg_identify_object(l.classoid, l.objoid, l.objsubid) i
 WHERE i.identity IS NOT NULL
   AND (i.schema IS NULL OR i.schema = ANY ($1))"
);

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Unmodelled>, IntrospectError> {
    reader.rows("objects of the database", SQL, decode).await
}

fn decode(row: &mut Fields<'_>) -> Result<Unmodelled, FieldError> {
    Ok(Unmodelled { kind: row.take()?, name: row.take()? })
}
