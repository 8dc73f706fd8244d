//! Sequences: free ones, owned ones, and those behind identity columns.

use djogi_core::ident::{Ident, QualifiedName};
use djogi_core::kind::{SequenceOptions, SequenceOwner, SequenceType};
use djogi_core::observation::SequencePosition;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::error::IntrospectError;
use super::reader::{FieldError, Fields, Reader};
use crate::connect::DatabaseError;

/// An owned sequence depends on its column automatically (`a`), an identity sequence internally (`i`). The
/// owner's names are looked up for the former only; the latter is found by its column's number.
const SQL: &str = "
SELECT c.oid,
       c.relnamespace,
       c.relname,
       s.seqtypid,
       s.seqstart,
       s.seqincrement,
       s.seqmin,
       s.seqmax,
       s.seqcache,
       s.seqcycle,
       CASE d.deptype WHEN 'i' THEN d.refobjid END,
       CASE d.deptype WHEN 'i' THEN d.refobjsubid END,
       o.relname,
       a.attname
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid
  LEFT JOIN pg_catalog.pg_depend d
         ON d.classid    = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.objid      = c.oid
        AND d.objsubid   = 0
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.refobjsubid > 0
        AND d.deptype IN ('a', 'i')
  LEFT JOIN pg_catalog.pg_class     o ON d.deptype = 'a' AND o.oid = d.refobjid
  LEFT JOIN pg_catalog.pg_attribute a
         ON a.attrelid = o.oid AND a.attnum = d.refobjsubid
 WHERE c.relnamespace = ANY (ARRAY(SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1)))
   AND ($2 IS NULL
        OR c.oid = ANY (ARRAY(SELECT t.oid
                                FROM pg_catalog.pg_class t
                               WHERE t.relname = ANY ($2)
                               UNION ALL
                              SELECT e.objid
                                FROM pg_catalog.pg_class  t
                                JOIN pg_catalog.pg_depend e
                                  ON e.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                                 AND e.refobjid   = t.oid
                                 AND e.classid    = 'pg_catalog.pg_class'::pg_catalog.regclass
                                 AND e.deptype IN ('a', 'i')
                               WHERE t.relname = ANY ($2))))
   AND c.relkind = 'S'";

pub(super) struct SequenceRow {
    pub(super) oid: u32,
    pub(super) schema: u32,
    pub(super) name: Ident,
    data_type: u32,
    pub(super) options: SequenceOptions,
    /// Table and number of the identity column that it serves.
    pub(super) identity_of: Option<(u32, i16)>,
    owner: Option<(Ident, Ident)>,
}

impl SequenceRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            oid: row.take()?,
            schema: row.take()?,
            name: row.ident()?,
            data_type: row.take()?,
            options: SequenceOptions {
                start: row.take()?,
                increment: row.take()?,
                min: row.take()?,
                max: row.take()?,
                cache: row.take()?,
                cycle: row.take()?,
            },
            identity_of: match (row.take::<Option<u32>>()?, row.take::<Option<i32>>()?) {
                (Some(table), Some(number)) => i16::try_from(number).ok().map(|number| (table, number)),
                _ => None,
            },
            owner: row.optional_ident()?.zip(row.optional_ident()?),
        })
    }

    /// PostgreSQL keeps an owned sequence in the `schema` of its table.
    pub(super) fn owned_by(&self, schema: &Ident) -> Option<SequenceOwner> {
        self.owner.as_ref().map(|(table, column)| SequenceOwner {
            table: QualifiedName::new(schema.clone(), table.clone()),
            column: column.clone(),
        })
    }

    pub(super) fn data_type(&self) -> Result<SequenceType, IntrospectError> {
        match Type::from_oid(self.data_type) {
            Some(Type::INT2) => Ok(SequenceType::Smallint),
            Some(Type::INT4) => Ok(SequenceType::Integer),
            Some(Type::INT8) => Ok(SequenceType::Bigint),
            _ => Err(IntrospectError::Unknown { what: "sequence type", value: self.data_type.to_string() }),
        }
    }
}

/// The sequences of `$1` and, where there is one, of its identity column `$2`, that may be looked at.
const NAMES: &str = "
SELECT w.number,
       pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
  FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2))
       WITH ORDINALITY AS w (relation, attribute, number)
 CROSS JOIN LATERAL (SELECT CASE
                                WHEN w.attribute IS NULL THEN w.relation
                                ELSE pg_catalog.pg_get_serial_sequence(w.relation, w.attribute)
                            END::pg_catalog.regclass AS oid) s
  JOIN pg_catalog.pg_class     c ON c.oid = s.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE pg_catalog.has_table_privilege(c.oid, 'SELECT')
 ORDER BY w.number";

/// Where each of `sequences` stands: a sequence, or a table and its identity column. What may not be read is left out.
///
/// # Errors
/// What the server said.
pub async fn sequence_positions(
    client: &Client,
    sequences: &[(QualifiedName, Option<Ident>)],
) -> Result<Vec<(usize, SequencePosition)>, IntrospectError> {
    let failed = |sql: &str, error: tokio_postgres::Error| IntrospectError::Database {
        what: "positions of sequences",
        error: DatabaseError::new(&error).in_statement(sql),
    };
    let relations: Vec<String> = sequences.iter().map(|(relation, _)| relation.to_string()).collect();
    let columns: Vec<Option<&str>> =
        sequences.iter().map(|(_, column)| column.as_ref().map(Ident::as_str)).collect();
    let parameters: [(&(dyn ToSql + Sync), Type); 2] =
        [(&relations, Type::TEXT_ARRAY), (&columns, Type::TEXT_ARRAY)];
    let names = client.query_typed(NAMES, &parameters).await.map_err(|error| failed(NAMES, error))?;
    let looks: Vec<String> = names
        .iter()
        .map(|row| {
            let (number, name): (i64, &str) = (row.get(0), row.get(1));
            format!("SELECT {number}::bigint, last_value, is_called FROM {name}")
        })
        .collect();
    if looks.is_empty() {
        return Ok(Vec::new());
    }
    let sql = looks.join(" UNION ALL ");
    let rows = client.query_typed(&sql, &[]).await.map_err(|error| failed(&sql, error))?;
    let position = |row: &Row| {
        let number = usize::try_from(row.get::<_, i64>(0)).ok()?.checked_sub(1)?;
        Some((number, SequencePosition { last_value: row.get(1), is_called: row.get(2) }))
    };
    Ok(rows.iter().filter_map(position).collect())
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<SequenceRow>, IntrospectError> {
    reader.rows("sequences", SQL, SequenceRow::decode).await
}
