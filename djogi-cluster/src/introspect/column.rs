//! Columns, their types and their default or generating expressions.

use std::collections::BTreeSet;

use djogi_core::ident::{Ident, QualifiedName};
use djogi_core::kind::{ColumnOrigin, ColumnProperties, ForeignOptions, Secrecy};
use djogi_core::observation::Oid;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::constraint::unknown;
use super::error::IntrospectError;
use super::foreign_option;
use super::index::parse_options;
use super::reader::{FieldError, Fields, Reader};
use crate::connect::DatabaseError;

const SQL: &str = "
SELECT a.attrelid,
       a.attnum,
       a.attname,
       a.atttypid,
       a.atttypmod,
       a.attcollation,
       a.attnotnull,
       a.attidentity,
       a.attgenerated,
       a.attstorage,
       a.attcompression,
       a.attstattarget::pg_catalog.int4,
       a.attoptions,
       a.attinhcount > 0,
       a.attislocal,
       a.attfdwoptions
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class     c ON c.oid = a.attrelid
 WHERE c.relnamespace = ANY (ARRAY(SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1)))
   AND ($2 IS NULL OR c.relname = ANY ($2))
   AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c')
   AND a.attnum > 0
   AND NOT a.attisdropped";

/// Each type is named once: thousands of columns share a few dozens of types. Those of other schemas come
/// along, because leaving them out would cost more than reading them.
const TYPES: &str = "
SELECT u.atttypid,
       u.atttypmod,
       pg_catalog.format_type(u.atttypid, u.atttypmod),
       t.typcollation,
       t.typstorage,
       CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
  FROM (SELECT DISTINCT a.atttypid, a.atttypmod
          FROM pg_catalog.pg_attribute a
         WHERE ($2 IS NULL
                OR a.attrelid = ANY (ARRAY(SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relname = ANY ($2))))
           AND a.attnum > 0
           AND NOT a.attisdropped) u
  JOIN pg_catalog.pg_type t ON t.oid = u.atttypid";

/// Deparsing without a table costs half, and most defaults name no column (no `Var` node).
const EXPRESSIONS: &str = "
SELECT d.adrelid,
       d.adnum,
       pg_catalog.pg_get_expr(d.adbin, CASE WHEN d.adbin::text LIKE '%{VAR %' THEN d.adrelid ELSE 0 END)
  FROM pg_catalog.pg_attrdef d
  JOIN pg_catalog.pg_class   c ON c.oid = d.adrelid
 WHERE c.relnamespace = ANY (ARRAY(SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1)))
   AND ($2 IS NULL OR c.relname = ANY ($2))
   AND c.relkind IN ('r', 'p', 'f', 'v')";

/// Columns that foreign keys reference in tables which the other queries do not read.
const REFERENCED: &str = "
WITH schema AS MATERIALIZED (
    SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1)
), referenced AS MATERIALIZED (
    SELECT DISTINCT r.oid, r.relnamespace, r.relname
      FROM pg_catalog.pg_constraint con
      JOIN pg_catalog.pg_class      r ON r.oid = con.confrelid
     WHERE con.contype = 'f'
       AND con.connamespace IN (SELECT oid FROM schema)
       AND ($2 IS NULL
            OR con.conrelid = ANY (ARRAY(SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relname = ANY ($2))))
       AND (r.relnamespace NOT IN (SELECT oid FROM schema)
            OR r.relname <> ALL ($2)
            OR r.relkind NOT IN ('r', 'p')
            OR r.oid IN (SELECT e.objid
                           FROM pg_catalog.pg_depend e
                          WHERE e.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
                            AND e.deptype    = 'e'
                            AND e.classid    = 'pg_catalog.pg_class'::pg_catalog.regclass))
)
SELECT a.attrelid,
       a.attnum,
       a.attname,
       n.nspname,
       r.relname
  FROM referenced r
  JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
 WHERE a.attnum > 0
   AND NOT a.attisdropped";

const DROPPED: &str = "
SELECT DISTINCT a.attrelid
  FROM pg_catalog.pg_attribute a
 WHERE a.attrelid = ANY ($1)
   AND a.attnum > 0
   AND a.attisdropped";

pub(super) struct ColumnRow {
    pub(super) table: u32,
    pub(super) number: i16,
    pub(super) name: Ident,
    pub(super) type_oid: u32,
    pub(super) type_modifier: i32,
    pub(super) collation: u32,
    pub(super) not_null: bool,
    pub(super) identity: char,
    pub(super) generated: char,
    pub(super) storage: char,
    compression: char,
    /// -1 or NULL is the default.
    statistics: Option<i32>,
    options: Option<Vec<String>>,
    pub(super) origin: ColumnOrigin,
    foreign_options: ForeignOptions,
}

/// Of what parents have, or not, and the table itself.
pub(super) fn origin(is_inherited: bool, is_local: bool) -> ColumnOrigin {
    match (is_inherited, is_local) {
        (false, _) => ColumnOrigin::Own,
        (true, false) => ColumnOrigin::Inherited,
        (true, true) => ColumnOrigin::Merged,
    }
}

impl ColumnRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            table: row.take()?,
            number: row.take()?,
            name: row.ident()?,
            type_oid: row.take()?,
            type_modifier: row.take()?,
            collation: row.take()?,
            not_null: row.take()?,
            identity: row.code()?,
            generated: row.code()?,
            storage: row.code()?,
            compression: row.code()?,
            statistics: row.take()?,
            options: row.take()?,
            origin: origin(row.take()?, row.take()?),
            foreign_options: foreign_option::options(row, Secrecy::ByLook)?,
        })
    }
}

impl ColumnRow {
    /// How the column is stored and watched, where that is not what its type has.
    pub(super) fn properties(&self, usual_storage: char) -> Result<ColumnProperties, IntrospectError> {
        let storage = match self.storage {
            code if code == usual_storage => None,
            'p' => Some("plain"),
            'e' => Some("external"),
            'x' => Some("extended"),
            'm' => Some("main"),
            other => return Err(unknown("storage of a column", other)),
        };
        let compression = match self.compression {
            '\0' => None,
            'p' => Some("pglz"),
            'l' => Some("lz4"),
            other => return Err(unknown("compression of a column", other)),
        };
        Ok(ColumnProperties {
            storage: storage.map(str::to_owned),
            compression: compression.map(str::to_owned),
            statistics: self.statistics.filter(|target| *target >= 0),
            options: self.options.as_deref().map(parse_options).unwrap_or_default(),
            foreign_options: self.foreign_options.clone(),
        })
    }
}

pub(super) struct TypeRow {
    pub(super) oid: u32,
    pub(super) modifier: i32,
    pub(super) name: String,
    pub(super) collation: u32,
    pub(super) storage: char,
    /// The type below a domain, else the type itself.
    pub(super) base: u32,
}

impl TypeRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            oid: row.take()?,
            modifier: row.take()?,
            name: row.take()?,
            collation: row.take()?,
            storage: row.code()?,
            base: row.take()?,
        })
    }
}

pub(super) struct ExpressionRow {
    pub(super) table: u32,
    pub(super) number: i16,
    pub(super) text: String,
}

impl ExpressionRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { table: row.take()?, number: row.take()?, text: row.take()? })
    }
}

pub(super) struct ReferencedRow {
    pub(super) table: u32,
    pub(super) number: i16,
    pub(super) name: Ident,
    pub(super) table_name: QualifiedName,
}

impl ReferencedRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            table: row.take()?,
            number: row.take()?,
            name: row.ident()?,
            table_name: QualifiedName::new(row.ident()?, row.ident()?),
        })
    }
}

/// Which of `tables` have lost a column since they were made, so that the number of a column is not its place.
///
/// # Errors
/// What the server said.
pub async fn tables_with_dropped_columns(
    client: &Client,
    tables: &[u32],
) -> Result<BTreeSet<Oid>, IntrospectError> {
    let rows = client.query_typed(DROPPED, &[(&tables, Type::OID_ARRAY)]).await;
    let rows = rows.map_err(|error| IntrospectError::Database {
        what: "dropped columns",
        error: DatabaseError::new(&error).in_statement(DROPPED),
    })?;
    Ok(rows.iter().map(|row| Oid(row.get(0))).collect())
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<ColumnRow>, IntrospectError> {
    reader.rows("columns", SQL, ColumnRow::decode).await
}

pub(super) async fn read_types(reader: &Reader<'_>) -> Result<Vec<TypeRow>, IntrospectError> {
    reader.rows("types of columns", TYPES, TypeRow::decode).await
}

pub(super) async fn read_expressions(reader: &Reader<'_>) -> Result<Vec<ExpressionRow>, IntrospectError> {
    reader.rows("defaults of columns", EXPRESSIONS, ExpressionRow::decode).await
}

pub(super) async fn read_referenced(reader: &Reader<'_>) -> Result<Vec<ReferencedRow>, IntrospectError> {
    reader.rows("referenced columns", REFERENCED, ReferencedRow::decode).await
}
