//! Extended statistics objects.

use djogi_core::Resource;
use djogi_core::kind::Statistics;
use djogi_core::stable::stable;

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

/// Finds a row where there is any.
pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_statistic_ext";

/// Until PostgreSQL 17 the default target was -1. PostgreSQL keeps the columns in the order that they have in the table,
/// which says nothing; the expressions come behind them, with all their parentheses: without them a cast of an array as a
/// whole could not be told from casts of its elements.
const SQL: &str = "
SELECT s.oid,
       n.nspname,
       s.stxname,
       tn.nspname,
       c.relname,
       ARRAY(SELECT w.word
               FROM (VALUES ('d', 'ndistinct'), ('f', 'dependencies'), ('m', 'mcv')) w (code, word)
              WHERE w.code = ANY (s.stxkind::pg_catalog.text[])
              ORDER BY w.word),
       pg_catalog.concat_ws(', ', k.by_name, x.printed),
       NULLIF(s.stxstattarget::pg_catalog.int4, -1),
       (SELECT d.description
          FROM pg_catalog.pg_description d
         WHERE d.classoid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass AND d.objoid = s.oid AND d.objsubid = 0)
  FROM pg_catalog.pg_statistic_ext s
  JOIN pg_catalog.pg_namespace     n  ON n.oid = s.stxnamespace
  JOIN pg_catalog.pg_class         c  ON c.oid = s.stxrelid
  JOIN pg_catalog.pg_namespace     tn ON tn.oid = c.relnamespace
 CROSS JOIN LATERAL (
       SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attname)
         FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = s.stxrelid AND a.attnum = ANY (s.stxkeys)) k (by_name)
 CROSS JOIN LATERAL (
       SELECT pg_catalog.string_agg('(' || e.text || ')', ', ' ORDER BY e.number)
         FROM pg_catalog.unnest(pg_catalog.pg_get_statisticsobjdef_expressions(s.oid))
              WITH ORDINALITY e (text, number)) x (printed)
 WHERE n.nspname = ANY ($1)
   AND ($2 IS NULL OR s.stxname = ANY ($2))";

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let statistics = Statistics {
        schema: row.ident()?,
        name: row.ident()?,
        table: row.qualified_name()?,
        kinds: row.take()?,
        columns: stable(row.take()?),
        target: row.take()?,
        comment: row.take()?,
    };
    Ok(Found::whole(class::STATISTICS, oid, Resource::Statistics(statistics)))
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("statistics objects", SQL, decode).await
}
