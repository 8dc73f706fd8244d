//! Transforms: of the managed schemas are those with a type or function there, and those of PostgreSQL's own types.

use djogi_core::Resource;
use djogi_core::kind::Transform;

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_transform WHERE oid >= 16384";

/// Members of extensions are left out. 11 is `pg_catalog`.
const SQL: &str = "
SELECT f.oid,
       pg_catalog.format_type(f.trftype, NULL),
       l.lanname,
       NULLIF(f.trffromsql, 0::pg_catalog.oid)::pg_catalog.regprocedure::pg_catalog.text,
       NULLIF(f.trftosql, 0::pg_catalog.oid)::pg_catalog.regprocedure::pg_catalog.text,
       pg_catalog.obj_description(f.oid, 'pg_transform')
  FROM pg_catalog.pg_transform  f
  JOIN pg_catalog.pg_language   l ON l.oid = f.trflang
  JOIN pg_catalog.pg_type       t ON t.oid = f.trftype
  LEFT JOIN pg_catalog.pg_proc  a ON a.oid = f.trffromsql
  LEFT JOIN pg_catalog.pg_proc  b ON b.oid = f.trftosql
 WHERE (EXISTS (SELECT
                  FROM pg_catalog.pg_namespace n
                 WHERE n.oid IN (t.typnamespace, a.pronamespace, b.pronamespace)
                   AND n.nspname = ANY ($1))
        OR t.typnamespace = 11 AND COALESCE(a.pronamespace, 11) = 11 AND COALESCE(b.pronamespace, 11) = 11)
   AND $2::pg_catalog.name[] IS NOT DISTINCT FROM $2
   AND NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_transform'::pg_catalog.regclass
                      AND e.objid   = f.oid
                      AND e.deptype = 'e')";

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let transform = Transform {
        data_type: row.take()?,
        language: row.ident()?,
        from_sql: row.take()?,
        to_sql: row.take()?,
        comment: row.take()?,
    };
    Ok(Found::whole(class::TRANSFORM, oid, Resource::Transform(transform)))
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("transforms", SQL, decode).await
}
