//! Range types.

use djogi_core::Resource;
use djogi_core::kind::Range;

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

/// Finds a row where there is any.
pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_range WHERE rngtypid >= 16384";

const SQL: &str = "
SELECT t.oid,
       n.nspname,
       t.typname,
       pg_catalog.format_type(r.rngsubtype, NULL),
       o.nspname,
       o.opcname,
       l.nspname,
       l.collname,
       c.nspname,
       c.proname,
       f.nspname,
       f.proname,
       mn.nspname,
       m.typname,
       (SELECT d.description
          FROM pg_catalog.pg_description d
         WHERE d.classoid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objoid = t.oid AND d.objsubid = 0)
  FROM pg_catalog.pg_range     r
  JOIN pg_catalog.pg_type      t  ON t.oid = r.rngtypid
  JOIN pg_catalog.pg_namespace n  ON n.oid = t.typnamespace
  JOIN pg_catalog.pg_type      s  ON s.oid = r.rngsubtype
  JOIN pg_catalog.pg_type      m  ON m.oid = r.rngmultitypid
  JOIN pg_catalog.pg_namespace mn ON mn.oid = m.typnamespace
  LEFT JOIN LATERAL (
       SELECT x.nspname, o.opcname
         FROM pg_catalog.pg_opclass   o
         JOIN pg_catalog.pg_namespace x ON x.oid = o.opcnamespace
        WHERE o.oid = r.rngsubopc AND NOT o.opcdefault) o ON true
  LEFT JOIN LATERAL (
       SELECT x.nspname, c.collname
         FROM pg_catalog.pg_collation c
         JOIN pg_catalog.pg_namespace x ON x.oid = c.collnamespace
        WHERE c.oid = r.rngcollation AND r.rngcollation <> s.typcollation) l ON true
  LEFT JOIN LATERAL (
       SELECT x.nspname, p.proname
         FROM pg_catalog.pg_proc      p
         JOIN pg_catalog.pg_namespace x ON x.oid = p.pronamespace
        WHERE p.oid = r.rngcanonical::pg_catalog.oid) c ON true
  LEFT JOIN LATERAL (
       SELECT x.nspname, p.proname
         FROM pg_catalog.pg_proc      p
         JOIN pg_catalog.pg_namespace x ON x.oid = p.pronamespace
        WHERE p.oid = r.rngsubdiff::pg_catalog.oid) f ON true
 WHERE n.nspname = ANY ($1)
   AND ($2 IS NULL OR t.typname = ANY ($2))";

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let range = Range {
        schema: row.ident()?,
        name: row.ident()?,
        subtype: row.take()?,
        operator_class: row.optional_qualified_name()?,
        collation: row.optional_qualified_name()?,
        canonical: row.optional_qualified_name()?,
        subtype_diff: row.optional_qualified_name()?,
        multirange: row.qualified_name()?,
        comment: row.take()?,
    };
    Ok(Found::whole(class::TYPE, oid, Resource::Range(range)))
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("range types", SQL, decode).await
}
