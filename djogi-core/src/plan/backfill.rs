//! Rows that are written in many small transactions.

use serde::{Deserialize, Serialize};

use crate::ident::{Ident, QualifiedName};

/// Rows of a table that are written chunk by chunk, in the order of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Backfill {
    /// The name of the migration that it is a step of.
    pub migration: String,
    pub table: QualifiedName,
    /// The columns of a primary key, or of another unique key without nulls, in its order.
    pub key: Vec<Ident>,
    /// As after `SET`: `total__djogi_new = (total)::bigint`. Gives the same value each time, or one that ends the `condition`.
    /// `None` where the rows are deleted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub assignment: Option<String>,
    /// The rows that have it to come, as after `WHERE`; none is left once all are written.
    pub condition: String,
    /// Of rows that a foreign key would refuse. `condition` looks at rows of another table then, which PostgreSQL does not look
    /// at again when the row has just been changed: they are locked first, and asked for once more. And each row is judged
    /// by itself: another backfill of the name may take the place of one that was begun.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refused: Option<RefusedRows>,
}

/// The rows that a foreign key would refuse, with what has to be so of the database before they go, because no plan sees all
/// of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefusedRows {
    pub table: QualifiedName,
    pub foreign_key: Ident,
    pub columns: Vec<Ident>,
    pub references: QualifiedName,
    pub referenced_columns: Vec<Ident>,
    /// The columns that get null; none where the rows go.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub nulls: Vec<Ident>,
    /// The table that keeps the rows that are deleted: as JSON to be read, and as the text of the row, which loses nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub into: Option<QualifiedName>,
    /// Whether the rows are those of its partitions. Otherwise those of tables that inherit are not meant.
    #[serde(skip_serializing_if = "crate::kind::is_default", default)]
    pub partitioned: bool,
}

impl Backfill {
    /// Of a live migration whose rows get a value.
    pub(crate) fn update(
        migration: &Ident,
        table: &QualifiedName,
        key: Vec<Ident>,
        assignment: String,
        condition: String,
    ) -> Self {
        Self {
            migration: migration.as_str().to_owned(),
            table: table.clone(),
            key,
            assignment: Some(assignment),
            condition,
            refused: None,
        }
    }

    /// What locks the rows, so that they stay as they are until they are written, and says where they are, as two arrays.
    /// Whoever was about to mend one has done so by then.
    pub fn lock(&self, keys: &str) -> String {
        let Self { condition, .. } = self;
        let table = self.rows_of();
        format!(
            "SELECT pg_catalog.array_agg(part), pg_catalog.array_agg(place::text)\n\
             FROM (SELECT tableoid AS part, ctid AS place FROM {table} WHERE {keys} AND ({condition}) FOR UPDATE) AS locked"
        )
    }

    /// What writes the rows, of which `keys` can be the condition of some.
    pub fn statement(&self, keys: Option<&str>) -> String {
        let Self { table, assignment, condition, refused, .. } = self;
        let into = refused.as_ref().and_then(|refused| refused.into.as_ref());
        let rows = match keys {
            Some(keys) => format!("WHERE {keys} AND ({condition})"),
            None => format!("WHERE {condition}"),
        };
        let (name, table) = (&table.name, self.rows_of());
        match (assignment, into) {
            (Some(assignment), _) => format!("UPDATE {table} SET {assignment} {rows}"),
            (None, None) => format!("DELETE FROM {table} {rows}"),
            (None, Some(into)) => format!(
                "WITH gone AS (DELETE FROM {table} {rows} RETURNING pg_catalog.to_json({name}.*) AS kept, \
                 pg_catalog.textin(pg_catalog.record_out({name}.*)) AS exact)\n\
                 INSERT INTO {into} (kept, exact) SELECT kept, exact FROM gone"
            ),
        }
    }

    /// The table as a statement says it that writes its rows and no others.
    fn rows_of(&self) -> String {
        match &self.refused {
            Some(refused) if !refused.partitioned => format!("ONLY {}", self.table),
            _ => self.table.to_string(),
        }
    }
}
