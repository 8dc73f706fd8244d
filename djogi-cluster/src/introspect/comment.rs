//! Comments on schemas, relations, columns, constraints and types; what else has comments is read with them.

use super::error::IntrospectError;
use super::lookup::ObjectId;
use super::reader::{FieldError, Fields, Reader};

/// Every database is born with a comment on `public` that nobody wrote.
const SQL: &str = "
SELECT d.classoid,
       d.objoid,
       d.objsubid,
       d.description
  FROM pg_catalog.pg_namespace   n
  JOIN pg_catalog.pg_description d
    ON d.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.objoid = n.oid
 WHERE n.nspname = ANY ($1)
   AND NOT (n.nspname = 'public' AND d.description = 'standard public schema')
 UNION ALL
SELECT d.classoid,
       d.objoid,
       d.objsubid,
       d.description
  FROM pg_catalog.pg_description d
  JOIN pg_catalog.pg_class       c ON c.oid = d.objoid
  JOIN pg_catalog.pg_namespace   n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_index  i ON i.indexrelid = c.oid
  LEFT JOIN pg_catalog.pg_class  t ON t.oid = i.indrelid
 WHERE d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
   AND n.nspname = ANY ($1)
   AND ($2 IS NULL
        OR c.relname = ANY ($2)
        OR t.relname = ANY ($2)
        OR c.relkind = 'S'
       AND EXISTS (SELECT
                     FROM pg_catalog.pg_depend e
                     JOIN pg_catalog.pg_class  o ON o.oid = e.refobjid
                    WHERE e.classid    = 'pg_catalog.pg_class'::pg_catalog.regclass
                      AND e.objid      = c.oid
                      AND e.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                      AND e.deptype IN ('a', 'i')
                      AND o.relname = ANY ($2)))
   AND c.relkind IN ('r', 'p', 'f', 'i', 'I', 'S', 'v', 'm', 'c')
 UNION ALL
SELECT d.classoid,
       d.objoid,
       d.objsubid,
       d.description
  FROM pg_catalog.pg_description d
  JOIN pg_catalog.pg_constraint  con ON con.oid = d.objoid
  JOIN pg_catalog.pg_class       c   ON c.oid = con.conrelid
  JOIN pg_catalog.pg_namespace   n   ON n.oid = c.relnamespace
 WHERE d.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass
   AND n.nspname = ANY ($1)
   AND ($2 IS NULL OR c.relname = ANY ($2))
 UNION ALL
SELECT d.classoid,
       d.objoid,
       d.objsubid,
       d.description
  FROM pg_catalog.pg_description d
  JOIN pg_catalog.pg_type        t ON t.oid = d.objoid
  JOIN pg_catalog.pg_namespace   n ON n.oid = t.typnamespace
 WHERE d.classoid = 'pg_catalog.pg_type'::pg_catalog.regclass
   AND n.nspname = ANY ($1)
   AND ($2 IS NULL OR t.typname = ANY ($2))
   AND t.typtype IN ('e', 'c')";

pub(super) struct CommentRow {
    pub(super) object: ObjectId,
    /// The number of a column, or 0.
    pub(super) column: i32,
    pub(super) text: String,
}

impl CommentRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { object: ObjectId::decode(row)?, column: row.take()?, text: row.take()? })
    }
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<CommentRow>, IntrospectError> {
    reader.rows("comments", SQL, CommentRow::decode).await
}
