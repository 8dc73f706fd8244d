//! Seeds: what the ledger says of the rows that djogi wrote or found, and whether they still are as they were.
//!
//! The rows themselves stay where they are: one aggregate over them tells. Its text depends on settings that every
//! connection has.

use djogi_core::Digest;
use djogi_core::ident::Ident;
use djogi_core::kind::Seed;
use djogi_core::sql::seed::{content, known_rows};

use super::error::IntrospectError;
use super::reader::{FieldError, Fields, Reader};

/// Finds a row where there may be any that this role can read.
pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_class c
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname = 'djogi' AND c.relname = 'seed' AND c.relkind = 'r'
                AND pg_catalog.pg_relation_size(c.oid) > 0
                AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                AND pg_catalog.has_table_privilege(c.oid, 'SELECT')";

const SQL: &str = "
SELECT c.oid,
       s.target,
       s.seed,
       n.nspname,
       c.relname,
       ARRAY(SELECT a.attname::text
               FROM pg_catalog.unnest(s.key) WITH ORDINALITY k (number, n)
               JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number AND NOT a.attisdropped
              ORDER BY k.n),
       ARRAY(SELECT a.attname::text
               FROM pg_catalog.unnest(s.columns) WITH ORDINALITY k (number, n)
               JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number AND NOT a.attisdropped
              ORDER BY k.n),
       pg_catalog.cardinality(s.key),
       s.rows,
       s.source,
       s.content,
       s.position
  FROM djogi.seed s
  JOIN pg_catalog.pg_class     c ON c.oid = s.relation
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = ANY ($1)
   AND ($2 IS NULL OR c.relname = ANY ($2))
 ORDER BY s.seed";

struct SeedRow {
    relation: u32,
    target: String,
    seed: Seed,
    /// Whether columns of the key are gone.
    keyless: bool,
    content: String,
}

fn decode(row: &mut Fields<'_>) -> Result<SeedRow, FieldError> {
    let relation = row.take()?;
    let target = row.take()?;
    let name = row.ident()?;
    let table = row.qualified_name()?;
    let (key, columns) = (row.idents()?, row.idents()?);
    let keys: i32 = row.take()?;
    let rows: i64 = row.take()?;
    let source: String = row.take()?;
    let source = source.parse().map_err(|_| FieldError::Unknown(source))?;
    let content = row.take()?;
    let position: Option<i64> = row.take()?;
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    Ok(SeedRow {
        relation,
        target,
        keyless: usize::try_from(keys) != Ok(key.len()),
        content,
        seed: Seed {
            name,
            table,
            key,
            columns,
            rows: count(rows),
            source,
            changed: None,
            unfinished: position.map(count),
        },
    })
}

/// The seeds of `target` whose tables are there, each with the oid of its table.
pub(super) async fn read(reader: &Reader<'_>, target: &Ident) -> Result<Vec<(u32, Seed)>, IntrospectError> {
    let mut rows = reader.rows("seeds", SQL, decode).await?;
    rows.retain(|row| row.target == target.as_str());
    for row in &mut rows {
        if row.keyless {
            row.seed.changed = Some("a column of the key is gone".to_owned());
        }
    }
    let whole: Vec<usize> =
        (0..rows.len()).filter(|&at| !rows[at].keyless && rows[at].seed.unfinished.is_none()).collect();
    let contents = read_contents(reader, target, whole.iter().map(|&at| &rows[at].seed)).await?;
    for (at, (found, known)) in whole.into_iter().zip(contents) {
        let row = &mut rows[at];
        row.seed.rows = known;
        let digest = Digest::of_bytes(found.as_bytes()).to_string();
        row.seed.changed = (found != row.content).then_some(digest);
    }
    Ok(rows.into_iter().map(|row| (row.relation, row.seed)).collect())
}

/// What the rows of `seeds` are like now, in their order, and how many djogi knows of.
async fn read_contents(
    reader: &Reader<'_>,
    target: &Ident,
    seeds: impl Iterator<Item = &Seed>,
) -> Result<Vec<(String, u64)>, IntrospectError> {
    let selects: Vec<String> = (0..)
        .zip(seeds)
        .map(|(at, seed)| {
            format!("SELECT {at}, {}, count(*) FROM {}", content(&seed.columns), known_rows(target, seed))
        })
        .collect();
    if selects.is_empty() {
        return Ok(Vec::new());
    }
    // The parameters that all queries have are of no use to this one.
    let sql = format!(
        "SELECT s.content, s.known FROM (\n{}\n) AS s (at, content, known) WHERE $1 IS NOT NULL OR $2 IS NOT NULL ORDER BY s.at",
        selects.join("\nUNION ALL\n")
    );
    let decode =
        |row: &mut Fields<'_>| Ok((row.take()?, u64::try_from(row.take::<i64>()?).unwrap_or_default()));
    reader.rows("rows of seeds", &sql, decode).await
}
