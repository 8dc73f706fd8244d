//! The key that a table is walked along: any columns of any types. Its values travel as texts, as PostgreSQL prints and
//! reads them.

use djogi_core::Ident;
use djogi_core::plan::Backfill;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::error::BackfillError;
use super::sql::{all, optional};
use crate::error::EngineError;

/// The key of a table as its SQL needs it.
#[derive(Clone, Debug)]
pub(super) struct Key {
    columns: Vec<Ident>,
    /// Their types, as in a cast.
    types: Vec<String>,
    /// Where operators of extensions that compare them are; the session looks nowhere else than in `pg_catalog`, and an
    /// operator that it finds there for another type would compare in another order.
    schemas: Vec<Ident>,
}

/// The values of a key.
pub(super) type Position = Vec<String>;

const TABLE: &str = "
SELECT c.oid
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')";

const COLUMNS: &str = "
WITH RECURSIVE keys AS (
    SELECT k.name, k.n, a.attnum, a.atttypid, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type
      FROM pg_catalog.unnest($2::text[]) WITH ORDINALITY AS k (name, n)
      LEFT JOIN pg_catalog.pg_attribute a
             ON a.attrelid = $1 AND a.attname = k.name AND a.attnum > 0 AND NOT a.attisdropped
), base (n, type) AS (
    SELECT n, atttypid FROM keys
     UNION ALL
    SELECT b.n, t.typbasetype
      FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.type
     WHERE t.typbasetype <> 0
)
SELECT k.name, k.type,
       (SELECT s.nspname::text
          FROM base b
          JOIN pg_catalog.pg_opclass c ON c.opcintype = b.type AND c.opcdefault
          JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod AND m.amname = 'btree'
          JOIN pg_catalog.pg_amop p ON p.amopfamily = c.opcfamily AND p.amopstrategy = 5
                                   AND p.amoplefttype = c.opcintype AND p.amoprighttype = c.opcintype
          JOIN pg_catalog.pg_operator o ON o.oid = p.amopopr
          JOIN pg_catalog.pg_namespace s ON s.oid = o.oprnamespace
         WHERE b.n = k.n AND s.nspname <> 'pg_catalog'
         LIMIT 1)
  FROM keys k
 ORDER BY k.n";

impl Key {
    /// The key of the table of `backfill`, and the oid of that.
    ///
    /// # Errors
    /// When the table or a column of its key is gone.
    pub(super) async fn of(client: &Client, backfill: &Backfill) -> Result<(Self, u32), EngineError> {
        let Backfill { migration: name, table, key, .. } = backfill;
        let (schema, relation) = (table.schema.as_str(), table.name.as_str());
        let found = optional(client, TABLE, &[(&schema, Type::NAME), (&relation, Type::NAME)]).await?;
        let Some(row) = found else {
            return Err(BackfillError::NoTable { name: name.clone(), table: table.clone() }.into());
        };
        let oid: u32 = row.get(0);
        let names: Vec<&str> = key.iter().map(Ident::as_str).collect();
        let rows = all(client, COLUMNS, &[(&oid, Type::OID), (&names, Type::TEXT_ARRAY)]).await?;
        let (mut types, mut schemas) = (Vec::new(), Vec::new());
        for (column, row) in key.iter().zip(&rows) {
            let Some(kind) = row.get::<_, Option<String>>(1) else {
                let (name, table, column) = (name.clone(), table.clone(), column.clone());
                return Err(BackfillError::NoColumn { name, table, column }.into());
            };
            types.push(kind);
            schemas.extend(row.get::<_, Option<&str>>(2).and_then(|schema| Ident::new(schema).ok()));
        }
        schemas.sort();
        schemas.dedup();
        Ok((Self { columns: key.clone(), types, schemas }, oid))
    }

    /// `SET LOCAL` for the operators of the key; empty for all but types of extensions.
    pub(super) fn search_path(&self) -> String {
        if self.schemas.is_empty() {
            return String::new();
        }
        let schemas: Vec<String> = self.schemas.iter().map(Ident::to_string).collect();
        format!("SET LOCAL search_path = pg_catalog, {};\n", schemas.join(", "))
    }

    /// `(a, b)`.
    pub(super) fn columns(&self) -> String {
        format!("({})", self.list(|column| column.to_string()))
    }

    /// `a, b`, for `ORDER BY`.
    pub(super) fn order(&self) -> String {
        self.list(|column| column.to_string())
    }

    pub(super) fn order_from_the_end(&self) -> String {
        self.list(|column| format!("{column} DESC"))
    }

    /// `a AS k1, b AS k2`.
    pub(super) fn numbered(&self) -> String {
        let numbered = self.columns.iter().enumerate();
        numbered.map(|(n, column)| format!("{column} AS k{}", n + 1)).collect::<Vec<_>>().join(", ")
    }

    /// `k1, k2`.
    pub(super) fn numbers(&self) -> String {
        (1..=self.columns.len()).map(|n| format!("k{n}")).collect::<Vec<_>>().join(", ")
    }

    /// The values of [`Key::numbered`] columns as an array of texts.
    pub(super) fn numbered_texts(&self) -> String {
        let text = |n| format!("pg_catalog.format('%s', k{n})");
        format!("ARRAY[{}]", (1..=self.columns.len()).map(text).collect::<Vec<_>>().join(", "))
    }

    /// The values of a row as an array of texts. Not a cast: that drops the blanks of `character`.
    pub(super) fn texts(&self) -> String {
        format!("ARRAY[{}]", self.list(|column| format!("pg_catalog.format('%s', {column})")))
    }

    /// `($1[1]::bigint, $1[2]::text)` of the parameter with this number, an array of texts.
    pub(super) fn parameter(&self, number: usize) -> String {
        let casts = self.types.iter().enumerate();
        let cast = |(n, kind): (usize, &String)| format!("(${number}::text[])[{}]::{kind}", n + 1);
        format!("({})", casts.map(cast).collect::<Vec<_>>().join(", "))
    }

    /// The rows after the key in parameter `lo`, if there is one, and up to the one in `hi`.
    pub(super) fn between(&self, lo: Option<usize>, hi: Option<usize>) -> String {
        let columns = self.columns();
        let after = lo.map(|lo| format!("{columns} > {}", self.parameter(lo)));
        let up_to = hi.map(|hi| format!("{columns} <= {}", self.parameter(hi)));
        let both: Vec<String> = after.into_iter().chain(up_to).collect();
        if both.is_empty() { "true".to_owned() } else { both.join(" AND ") }
    }

    fn list(&self, show: impl Fn(&Ident) -> String) -> String {
        self.columns.iter().map(show).collect::<Vec<_>>().join(", ")
    }
}
