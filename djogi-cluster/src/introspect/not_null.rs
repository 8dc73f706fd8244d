//! `NOT NULL` constraints of tables that are more than PostgreSQL makes when nothing is said.

use djogi_core::ident::Ident;
use djogi_core::kind::{ColumnOrigin, NotNull};

use super::column::origin;
use super::error::IntrospectError;
use super::reader::{FieldError, Fields, Reader};

/// The bulk has the default name. A name that was cut or numbered is read, and told apart by what reads the rows.
const SQL: &str = "
SELECT con.conrelid,
       con.conkey[1],
       con.conname,
       con.coninhcount > 0,
       con.conislocal,
       con.connoinherit,
       con.convalidated,
       d.description
  FROM pg_catalog.pg_constraint con
  JOIN pg_catalog.pg_class      c ON c.oid = con.conrelid
  JOIN pg_catalog.pg_attribute  a ON a.attrelid = c.oid AND a.attnum = con.conkey[1]
  LEFT JOIN pg_catalog.pg_description d
         ON d.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.objoid = con.oid
 WHERE con.contype = 'n'
   AND con.connamespace = ANY (ARRAY(SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1)))
   AND ($2 IS NULL OR c.relname = ANY ($2))
   AND (con.conname::pg_catalog.text <> c.relname || '_' || a.attname || '_not_null'
        OR con.coninhcount > 0
        OR con.connoinherit
        OR NOT con.convalidated
        OR d.description IS NOT NULL)";

pub(super) struct NotNullRow {
    pub(super) table: u32,
    pub(super) column: i16,
    pub(super) name: Ident,
    origin: ColumnOrigin,
    no_inherit: bool,
    validated: bool,
    comment: Option<String>,
}

impl NotNullRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            table: row.take()?,
            column: row.take()?,
            name: row.ident()?,
            origin: origin(row.take()?, row.take()?),
            no_inherit: row.take()?,
            validated: row.take()?,
            comment: row.take()?,
        })
    }

    /// The constraint, with the name if it is not one that PostgreSQL chooses.
    pub(super) fn constraint(self, is_default_name: bool) -> NotNull {
        let Self { name, origin, no_inherit, validated, comment, .. } = self;
        NotNull { name: (!is_default_name).then_some(name), origin, no_inherit, validated, comment }
    }
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<NotNullRow>, IntrospectError> {
    // Before PostgreSQL 18 they are no constraints.
    if reader.version.major() < 18 {
        return Ok(Vec::new());
    }
    reader.rows("not null constraints", SQL, NotNullRow::decode).await
}
