//! Operators. A place that PostgreSQL keeps for one that is yet to come has no function, and is none.

use djogi_core::Resource;
use djogi_core::kind::Operator;

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

/// Finds a row where there is any.
pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_operator WHERE oid >= 16384";

const SQL: &str = "
SELECT o.oid,
       n.nspname,
       o.oprname,
       CASE WHEN o.oprleft <> 0 THEN pg_catalog.format_type(o.oprleft, NULL) END,
       pg_catalog.format_type(o.oprright, NULL),
       o.oprcode::pg_catalog.text,
       cn.nspname,
       c.oprname,
       gn.nspname,
       g.oprname,
       NULLIF(o.oprrest::pg_catalog.text, '-'),
       NULLIF(o.oprjoin::pg_catalog.text, '-'),
       o.oprcanhash,
       o.oprcanmerge,
       (SELECT d.description
          FROM pg_catalog.pg_description d
         WHERE d.classoid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND d.objoid = o.oid AND d.objsubid = 0)
  FROM pg_catalog.pg_operator       o
  JOIN pg_catalog.pg_namespace      n  ON n.oid = o.oprnamespace
  LEFT JOIN pg_catalog.pg_operator  c  ON c.oid = o.oprcom
  LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = c.oprnamespace
  LEFT JOIN pg_catalog.pg_operator  g  ON g.oid = o.oprnegate
  LEFT JOIN pg_catalog.pg_namespace gn ON gn.oid = g.oprnamespace
 WHERE n.nspname = ANY ($1)
   AND ($2 IS NULL OR o.oprname = ANY ($2))
   AND o.oprcode <> 0
   AND NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass
                      AND e.objid   = o.oid
                      AND e.deptype = 'e')";

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let operator = Operator {
        schema: row.ident()?,
        name: row.ident()?,
        left: row.take()?,
        right: row.take()?,
        function: row.take()?,
        commutator: row.optional_qualified_name()?,
        negator: row.optional_qualified_name()?,
        restrict: row.take()?,
        join: row.take()?,
        hashes: row.take()?,
        merges: row.take()?,
        comment: row.take()?,
    };
    Ok(Found::whole(class::OPERATOR, oid, Resource::Operator(operator)))
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("operators", SQL, decode).await
}
