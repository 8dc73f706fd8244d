//! One query that finds the declared rows that are not there, or not as declared, and one that finds those that nobody
//! declares any more. Rows that are as they should be do not travel.

use std::collections::BTreeMap;

use djogi_core::desired::Desired;
use djogi_core::ident::{Literal, QualifiedName};
use djogi_core::kind::{Resource, Seed, Table};
use djogi_core::observation::Observation;
use djogi_core::seed::{Compared, DeclaredSeed, Found, Gone, SeedRows};
use djogi_core::sql::seed::{cast_type, key_of};
use djogi_core::{Address, Ident};
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::casts;
use crate::error::EngineError;

/// A column of a seed, declared and live.
#[derive(Debug)]
pub(super) struct Place {
    /// The type that is declared.
    data_type: String,
    /// The name it has in the live table, and whether it has the declared type there.
    live: Option<(Ident, bool)>,
}

impl Place {
    /// The declared value, which is `v.cN`, as the column has it.
    fn cast(&self, at: usize) -> String {
        match self.live {
            Some((_, true)) => format!("v.c{at}::{}", cast_type(&self.data_type)),
            // Its type may not be there yet: texts are compared.
            Some((_, false)) | None => format!("v.c{at}"),
        }
    }

    /// The value that is there.
    fn found(&self) -> String {
        match &self.live {
            Some((name, _)) => format!("t.{name}::text COLLATE \"C\""),
            None => "NULL::text".to_owned(),
        }
    }

    /// Whether a row is the one that is declared, as far as the key has this column.
    fn same(&self, at: usize) -> String {
        match &self.live {
            Some((name, true)) => format!("t.{name} = {}", self.cast(at)),
            Some((_, false)) | None => format!("{} = {}", self.found(), self.cast(at)),
        }
    }
}

/// The table of a seed, declared and live.
#[derive(Debug)]
pub(super) struct Tables {
    /// By the order of the columns of the seed.
    places: Vec<Place>,
    /// `None` when it is not there.
    live: Option<QualifiedName>,
}

impl Tables {
    /// Finds the live table, which may have another name until the plan runs.
    pub(super) fn of(target: &Ident, seed: &SeedRows, desired: &Desired, live: &Observation) -> Self {
        let declared = desired.get(&Address::table(target, &seed.table));
        let table = |resource: Option<&Resource>| match resource {
            Some(Resource::Table(table)) => Some(table.clone()),
            _ => None,
        };
        let declared_table = table(declared.map(|declared| &*declared.resource));
        let before = declared.and_then(|declared| declared.renamed_from.as_ref()?.relation());
        let names = [Some(seed.table.clone()), before];
        let known: Option<Table> =
            names.into_iter().flatten().find_map(|name| live.catalog.table(target, &name)).cloned();
        let none = BTreeMap::new();
        let renamed = declared.map_or(&none, |declared| &declared.renamed_columns);
        let place = |column: &Ident| {
            let data_type = declared_table.as_ref().and_then(|table| table.column(column));
            let data_type = data_type.map(|column| column.data_type.clone()).unwrap_or_default();
            let there = |name: &Ident| known.as_ref().and_then(|table| table.column(name));
            let found = there(column).or_else(|| there(renamed.get(column)?));
            let is_same = |found: &str| found == data_type && !is_moving(target, &data_type, desired, live);
            let live = found.map(|found| (found.name.clone(), is_same(&found.data_type)));
            Place { data_type, live }
        };
        let places = seed.columns.iter().map(place).collect();
        Self { places, live: known.map(|table| table.qualified_name()) }
    }

    /// The types that texts can be cast to now, by the place of the column.
    fn known_types(&self) -> Vec<(usize, String)> {
        let types = self.places.iter().enumerate();
        let known = types.filter(|(_, place)| match place.live {
            Some((_, is_same)) => is_same,
            // What is no type of PostgreSQL itself may come with the plan.
            None => !place.data_type.contains('.'),
        });
        known.map(|(at, place)| (at, cast_type(&place.data_type))).collect()
    }
}

/// Whether the plan makes another type of the one that is there under this name.
fn is_moving(target: &Ident, data_type: &str, desired: &Desired, live: &Observation) -> bool {
    let base = data_type.trim_end_matches("[]");
    let is_it = |address: &Address| {
        address.kind().is_type() && address.relation().is_some_and(|name| name.to_string() == base)
    };
    if !base.contains('.') {
        return false;
    }
    desired.iter().any(|(address, declared)| {
        address.target() == target && is_it(address) && live.catalog.get(address) != Some(&*declared.resource)
    })
}

/// Compares the rows with those that are there. `written` is what the ledger says of the seed.
///
/// # Errors
/// A value that is none of its column, by its line; and when the table cannot be read.
pub(super) async fn compare(
    client: &Client,
    (target, seed, declared): (&Ident, &DeclaredSeed, &SeedRows),
    tables: &Tables,
    written: Option<&Seed>,
) -> Result<Compared, EngineError> {
    let columns = columns_of(declared);
    let types = tables.known_types();
    let Some(table) = &tables.live else {
        casts::check(client, seed, declared, &columns, &types).await?;
        return Ok(Compared::New);
    };
    let key = live_key(declared, tables);
    let known = Known { target, seed, written: written.filter(|written| written.key == key) };
    let sql = differing(declared, tables, table, &known);
    let rows = match client.query_typed(&sql, &parameters(&columns)).await {
        Ok(rows) => rows,
        Err(error) => {
            // The line of the value is known only to us.
            casts::check(client, seed, declared, &columns, &types).await?;
            return Err(EngineError::sql(&error, &sql));
        }
    };
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let number = usize::try_from(row.get::<_, i64>(0)).unwrap_or_default().saturating_sub(1);
        let live = row.get::<_, bool>(1).then(|| row.get(2));
        found.push(Found { row: number, live, declared: row.get(3) });
    }
    let gone = match known.written {
        Some(_) => gone(client, declared, tables, table, (&known, &columns)).await?,
        None => Vec::new(),
    };
    Ok(Compared::Rows { found, gone })
}

/// What the ledger can be asked about a seed.
struct Known<'a> {
    target: &'a Ident,
    seed: &'a DeclaredSeed,
    written: Option<&'a Seed>,
}

impl Known<'_> {
    fn rows(&self) -> String {
        let (target, seed) = (Literal(self.target.as_str()), Literal(self.seed.name.as_str()));
        format!("r.target = {target} AND r.seed = {seed}")
    }
}

/// Every column of the declared rows as one array.
pub(super) type Columns<'r> = Vec<Vec<Option<&'r str>>>;

fn columns_of(declared: &SeedRows) -> Columns<'_> {
    let column = |at: usize| declared.rows.iter().map(|row| row.values[at].as_deref()).collect();
    (0..declared.columns.len()).map(column).collect()
}

pub(super) fn parameters<'p>(columns: &'p Columns<'_>) -> Vec<(&'p (dyn ToSql + Sync), Type)> {
    columns.iter().map(|column| (column as &(dyn ToSql + Sync), Type::TEXT_ARRAY)).collect()
}

/// The declared rows as `v (c0, c1, ..., n)`. Of several arrays PostgreSQL knows `unnest` only without its schema.
pub(super) fn declared_rows(columns: usize) -> String {
    let parameters: Vec<String> = (1..=columns).map(|number| format!("${number}")).collect();
    let names: Vec<String> = (0..columns).map(|at| format!("c{at}, ")).collect();
    format!("unnest({}) WITH ORDINALITY AS v ({}n)", parameters.join(", "), names.concat())
}

/// The declared value as text, as PostgreSQL prints it.
fn printed(place: &Place, at: usize) -> String {
    format!("({})::text COLLATE \"C\"", place.cast(at))
}

fn declared_key(declared: &SeedRows, tables: &Tables) -> String {
    let parts = declared.key_positions().into_iter().map(|at| printed(&tables.places[at], at));
    format!("ARRAY[{}]", parts.collect::<Vec<_>>().join(", "))
}

fn differing(declared: &SeedRows, tables: &Tables, table: &QualifiedName, known: &Known<'_>) -> String {
    let places = || tables.places.iter().enumerate();
    let found: Vec<String> = places().map(|(_, place)| place.found()).collect();
    let wanted: Vec<String> = places().map(|(at, place)| printed(place, at)).collect();
    let key = declared.key_positions();
    let same: Vec<String> = key.iter().map(|&at| tables.places[at].same(at)).collect();
    let there = format!("{} IS NOT NULL", tables.places[key[0]].found());
    // Without a row in the ledger every row is news.
    let (join, news) = match known.written {
        Some(_) => (
            format!(
                "  LEFT JOIN djogi.seed_row AS r ON {} AND r.key = {}\n",
                known.rows(),
                declared_key(declared, tables)
            ),
            "r.key IS NULL",
        ),
        None => (String::new(), "true"),
    };
    format!(
        "SELECT v.n, {there}, ARRAY[{}], ARRAY[{}]\n  FROM {}\n  LEFT JOIN {table} AS t ON {}\n{join} \
         WHERE {news} OR NOT ({there}) OR ROW({}) IS DISTINCT FROM ROW({})\n ORDER BY v.n",
        found.join(", "),
        wanted.join(", "),
        declared_rows(declared.columns.len()),
        same.join(" AND "),
        found.join(", "),
        wanted.join(", "),
    )
}

async fn gone(
    client: &Client,
    declared: &SeedRows,
    tables: &Tables,
    table: &QualifiedName,
    (known, columns): (&Known<'_>, &Columns<'_>),
) -> Result<Vec<Gone>, EngineError> {
    let key = live_key(declared, tables);
    let first = &key[0];
    let sql = format!(
        "SELECT r.key, r.written, t.{first} IS NOT NULL\n  FROM djogi.seed_row AS r\n  LEFT JOIN {table} AS t ON r.key = {}\n \
         WHERE {}\n   AND NOT EXISTS (SELECT FROM {} WHERE r.key = {})\n ORDER BY r.key",
        key_of("t", &key),
        known.rows(),
        declared_rows(declared.columns.len()),
        declared_key(declared, tables),
    );
    let rows = client.query_typed(&sql, &parameters(columns)).await;
    let rows = rows.map_err(|error| EngineError::sql(&error, &sql))?;
    Ok(rows.iter().map(|row| Gone { key: row.get(0), written: row.get(1), there: row.get(2) }).collect())
}

/// The columns of the key by the names that they have now.
fn live_key(declared: &SeedRows, tables: &Tables) -> Vec<Ident> {
    let name = |at: usize| match &tables.places[at].live {
        Some((name, _)) => name.clone(),
        None => declared.columns[at].clone(),
    };
    declared.key_positions().into_iter().map(name).collect()
}
