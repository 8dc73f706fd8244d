//! Indexes, those of constraints included: a constraint's `INCLUDE` columns and exclusion elements are only
//! known to its index.

use std::collections::{BTreeMap, HashMap};

use djogi_core::ident::{Ident, QualifiedName};
use djogi_core::kind::{Expression, IndexElement, IndexKey, KeyClass};

use super::assemble::TableParts;
use super::error::IntrospectError;
use super::lookup::Lookup;
use super::reader::{FieldError, Fields, Reader};

/// Key numbers of 0 stand for expressions, which are deparsed one by one.
const SQL: &str = "
SELECT i.indexrelid,
       i.indrelid,
       x.relname,
       x.relam,
       i.indisunique,
       i.indnullsnotdistinct,
       i.indisvalid,
       i.indnkeyatts,
       i.indkey,
       i.indcollation,
       i.indclass,
       i.indoption,
       x.reloptions,
       CASE WHEN x.reltablespace <> 0
            THEN (SELECT s.spcname FROM pg_catalog.pg_tablespace s WHERE s.oid = x.reltablespace)
       END,
       pg_catalog.pg_get_expr(i.indpred, i.indrelid),
       CASE WHEN i.indexprs IS NOT NULL
            THEN ARRAY(SELECT pg_catalog.pg_get_indexdef(i.indexrelid, k.number::int4, false)
                         FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attribute, number)
                        WHERE k.attribute = 0
                        ORDER BY k.number)
       END,
       x.relkind,
       pn.nspname,
       px.relname
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
  LEFT JOIN pg_catalog.pg_inherits  h  ON h.inhrelid = i.indexrelid
  LEFT JOIN pg_catalog.pg_class     px ON px.oid = h.inhparent
  LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = px.relnamespace
 WHERE x.relnamespace = ANY (ARRAY(SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1)))
   AND ($2 IS NULL
        OR i.indrelid = ANY (ARRAY(SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relname = ANY ($2))))
   AND x.relkind IN ('i', 'I')";

/// What only the index's own attributes tell: the types of expressions and the parameters of operator
/// classes. No class of `btree` (403) or `hash` (405), the bulk of all indexes, takes parameters.
const KEYS: &str = "
SELECT a.attrelid,
       a.attnum,
       t.typcollation,
       CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END,
       a.attoptions,
       NULLIF(a.attstattarget, -1)::int4
  FROM (SELECT x.oid
          FROM pg_catalog.pg_class x
         WHERE x.relkind IN ('i', 'I')
           AND x.relam NOT IN (403, 405)
           AND x.relnamespace = ANY (ARRAY(SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1)))
           AND ($2 IS NULL
                OR x.oid = ANY (ARRAY(SELECT i.indexrelid
                                        FROM pg_catalog.pg_index i
                                        JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
                                       WHERE c.relname = ANY ($2))))
         UNION
        SELECT i.indexrelid
          FROM pg_catalog.pg_index i
          JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
         WHERE i.indexprs IS NOT NULL
           AND x.relnamespace = ANY (ARRAY(SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1)))
           AND ($2 IS NULL
                OR i.indrelid = ANY (ARRAY(SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relname = ANY ($2))))
       ) i
  JOIN pg_catalog.pg_attribute a ON a.attrelid = i.oid
  JOIN pg_catalog.pg_type      t ON t.oid = a.atttypid";

/// Bits of `indoption`.
const DESCENDING: i16 = 1;
const NULLS_FIRST: i16 = 2;

pub(super) struct IndexRow {
    pub(super) oid: u32,
    pub(super) table: u32,
    pub(super) name: Ident,
    pub(super) method: u32,
    pub(super) unique: bool,
    pub(super) nulls_not_distinct: bool,
    pub(super) valid: bool,
    key_count: i16,
    attributes: Vec<i16>,
    collations: Vec<u32>,
    operator_classes: Vec<u32>,
    orders: Vec<i16>,
    options: Option<Vec<String>>,
    pub(super) tablespace: Option<Ident>,
    pub(super) predicate: Option<String>,
    expressions: Option<Vec<String>>,
    /// The index of the partitioned table that it is a part of.
    pub(super) parent: Option<QualifiedName>,
}

impl IndexRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        let mut index = Self {
            oid: row.take()?,
            table: row.take()?,
            name: row.ident()?,
            method: row.take()?,
            unique: row.take()?,
            nulls_not_distinct: row.take()?,
            valid: row.take()?,
            key_count: row.take()?,
            attributes: row.take()?,
            collations: row.take()?,
            operator_classes: row.take()?,
            orders: row.take()?,
            options: row.take()?,
            tablespace: row.optional_ident()?,
            predicate: row.take()?,
            expressions: row.take()?,
            parent: None,
        };
        // That of a partitioned table holds nothing: it is valid when all partitions have their parts of it.
        index.valid |= row.code()? == 'I';
        index.parent = row.optional_qualified_name()?;
        Ok(index)
    }

    fn keys(&self) -> usize {
        usize::from(self.key_count.unsigned_abs()).min(self.attributes.len())
    }

    /// The columns that are stored without being keys.
    pub(super) fn included(&self, table: &TableParts) -> Result<Vec<Ident>, IntrospectError> {
        table.column_names(&self.attributes[self.keys()..])
    }

    pub(super) fn options(&self) -> BTreeMap<String, String> {
        self.options.as_deref().map(parse_options).unwrap_or_default()
    }

    /// The statistics targets of its expressions, by their numbers.
    pub(super) fn statistics(&self, details: &KeyDetails) -> BTreeMap<i16, i32> {
        let targets = (1..=self.key_count).filter_map(|number| {
            let at = usize::try_from(number - 1).ok()?;
            Some((number, details.get(&(self.oid, at))?.statistics?))
        });
        targets.collect()
    }

    /// The keys in order.
    pub(super) fn elements(
        &self,
        table: &TableParts,
        details: &KeyDetails,
        lookup: &Lookup,
    ) -> Result<Vec<IndexElement>, IntrospectError> {
        let vanished = || IntrospectError::Vanished { what: "index", oid: self.oid };
        let mut expressions = self.expressions.iter().flatten();
        let mut elements = Vec::with_capacity(self.keys());
        for (at, &attribute) in self.attributes[..self.keys()].iter().enumerate() {
            let detail = details.get(&(self.oid, at));
            let (key, own_collation, base) = if attribute == 0 {
                let text = expressions.next().ok_or_else(vanished)?;
                let detail = detail.ok_or_else(vanished)?;
                (IndexKey::Expression(Expression::new(text)), detail.collation, detail.base)
            } else {
                let column = table.column(attribute)?;
                (IndexKey::Column(column.name.clone()), column.collation, lookup.type_of(column)?.base)
            };
            let options = detail.map(|detail| detail.options.clone()).unwrap_or_default();
            let class = *self.operator_classes.get(at).ok_or_else(vanished)?;
            let order = self.orders.get(at).copied().unwrap_or_default();
            elements.push(IndexElement {
                key,
                collation: lookup
                    .collation(self.collations.get(at).copied().unwrap_or_default(), own_collation)?,
                operator_class: lookup
                    .operator_class(class, base, !options.is_empty())?
                    .map(|name| KeyClass { name, options }),
                descending: order & DESCENDING != 0,
                nulls_first: order & NULLS_FIRST != 0,
            });
        }
        Ok(elements)
    }
}

/// One key of an index, as the index's own attribute describes it.
pub(super) struct KeyDetail {
    collation: u32,
    base: u32,
    options: BTreeMap<String, String>,
    /// `None` is the default.
    statistics: Option<i32>,
}

/// By the oid of the index and the position of the key, counted from 0.
pub(super) type KeyDetails = HashMap<(u32, usize), KeyDetail>;

pub(super) struct KeyRow {
    index: u32,
    number: i16,
    detail: KeyDetail,
}

impl KeyRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            index: row.take()?,
            number: row.take()?,
            detail: KeyDetail {
                collation: row.take()?,
                base: row.take()?,
                options: row.take::<Option<Vec<String>>>()?.as_deref().map(parse_options).unwrap_or_default(),
                statistics: row.take()?,
            },
        })
    }
}

/// `name=value` texts, as `reloptions` and `attoptions` hold them.
pub(super) fn parse_options(options: &[String]) -> BTreeMap<String, String> {
    let pair = |option: &String| {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        (name.to_owned(), value.to_owned())
    };
    options.iter().map(pair).collect()
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<IndexRow>, IntrospectError> {
    reader.rows("indexes", SQL, IndexRow::decode).await
}

pub(super) async fn read_keys(reader: &Reader<'_>) -> Result<Vec<KeyRow>, IntrospectError> {
    reader.rows("index keys", KEYS, KeyRow::decode).await
}

pub(super) fn key_details(rows: Vec<KeyRow>) -> KeyDetails {
    let position = |number: i16| usize::from(number.unsigned_abs()).saturating_sub(1);
    rows.into_iter().map(|row| ((row.index, position(row.number)), row.detail)).collect()
}
