//! Objects in managed schemas, or of the whole database, that the catalog has no kind for, and what they depend on; with
//! them the foreign keys by which tables of other schemas refer to those of managed ones.
//!
//! They are never changed; they are counted, and a drop of what they need says their names.

use djogi_core::observation::Unmodelled;

use super::error::IntrospectError;
use super::lookup::ObjectId;
use super::reader::{FieldError, Fields, Reader};

/// Members of extensions are left out. A dependency on a type is led back to the table whose row type, or the type whose
/// array, it is.
const SQL: &str = "
WITH found (kind, class, oid) AS (
    SELECT 'base type',
           'pg_catalog.pg_type'::pg_catalog.regclass, t.oid
      FROM pg_catalog.pg_type      t
      JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
     WHERE n.nspname = ANY ($1)
       AND (t.typtype = 'b' OR NOT t.typisdefined)
       AND t.typcategory <> 'A'
     UNION ALL
    SELECT 'foreign key',
           'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid
      FROM pg_catalog.pg_constraint k
      JOIN pg_catalog.pg_class      r ON r.oid = k.confrelid
      JOIN pg_catalog.pg_namespace  s ON s.oid = r.relnamespace
      JOIN pg_catalog.pg_namespace  n ON n.oid = k.connamespace
     WHERE k.contype = 'f'
       AND k.conparentid = 0
       AND s.nspname = ANY ($1)
       AND n.nspname <> ALL ($1)
), named AS MATERIALIZED (
    SELECT f.*,
           (SELECT i.identity FROM pg_catalog.pg_identify_object(f.class, f.oid, 0) i) AS name
      FROM found f
     WHERE NOT EXISTS (SELECT
                         FROM pg_catalog.pg_depend e
                        WHERE e.classid = f.class
                          AND e.objid   = f.oid
                          AND e.deptype = 'e')
)
SELECT f.kind,
       f.name,
       f.oid,
       CASE WHEN t.typrelid <> 0 THEN 'pg_catalog.pg_class'::pg_catalog.regclass::oid
            ELSE d.refclassid END,
       CASE WHEN t.typrelid <> 0 THEN t.typrelid
            WHEN t.typcategory = 'A' THEN t.typelem
            ELSE d.refobjid END,
       d.refobjsubid
  FROM named f
  LEFT JOIN pg_catalog.pg_depend d
         ON d.classid = f.class
        AND d.objid   = f.oid
        AND d.deptype IN ('n', 'a')
        AND d.refclassid IN ('pg_catalog.pg_class'::pg_catalog.regclass,
                             'pg_catalog.pg_type'::pg_catalog.regclass,
                             'pg_catalog.pg_constraint'::pg_catalog.regclass,
                             'pg_catalog.pg_namespace'::pg_catalog.regclass,
                             'pg_catalog.pg_foreign_server'::pg_catalog.regclass,
                             'pg_catalog.pg_extension'::pg_catalog.regclass)
  LEFT JOIN pg_catalog.pg_type t
         ON t.oid = d.refobjid
        AND d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass";

impl UnmodelledRow {
    /// Whether it is in no managed schema, and only in the way of what it depends on.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.object.kind == "foreign key"
    }
}

/// What an unmodelled object depends on.
pub(super) struct Needs {
    pub(super) object: ObjectId,
    /// The number of a column, or 0.
    pub(super) column: i32,
}

/// An unmodelled object with one of its dependencies.
pub(super) struct UnmodelledRow {
    pub(super) object: Unmodelled,
    pub(super) needs: Option<Needs>,
}

impl UnmodelledRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        let kind = row.take()?;
        let name: Option<String> = row.take()?;
        // The name is NULL for an object that was dropped since the snapshot.
        let name = match name {
            Some(name) => {
                row.take::<u32>()?;
                name
            }
            None => format!("oid {}", row.take::<u32>()?),
        };
        let needs = match (row.take()?, row.take()?, row.take()?) {
            (Some(class), Some(oid), Some(column)) => Some(Needs { object: ObjectId { class, oid }, column }),
            _ => None,
        };
        Ok(Self { object: Unmodelled { kind, name }, needs })
    }
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<UnmodelledRow>, IntrospectError> {
    reader.rows("other objects", SQL, UnmodelledRow::decode).await
}
