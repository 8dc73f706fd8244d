//! Seeds that are queries: their rows are computed where everything that is declared exists, and is empty.
//!
//! What they come to is kept under the digest of all that it depends on, so an unchanged project pays nothing.

use std::collections::BTreeMap;

use djogi_core::observation::ServerVersion;
use djogi_core::script::{Query, Script};
use djogi_core::seed::{DeclaredSeed, QueryRows};
use djogi_core::{Digest, Ident};
use tokio_postgres::{Client, SimpleQueryMessage};

use super::error::Rejected;
use super::load::lost;
use super::settings::FRESH;
use super::{Declared, beside};
use crate::connect::DatabaseError;
use crate::normalise::{ExpressionCache, NormaliseError, ScratchProvider};

const FORMAT: &str = "djogi-seeds/1";

/// The rows of each of `seeds`, which are queries.
///
/// # Errors
/// Every query that PostgreSQL refuses, or that is none; else why there is no scratch database.
pub(crate) async fn compute(
    seeds: &[&DeclaredSeed],
    declared: Declared<'_>,
    version: ServerVersion,
    provider: &dyn ScratchProvider,
    cache: &ExpressionCache,
) -> Result<BTreeMap<Ident, QueryRows>, NormaliseError> {
    let texts: BTreeMap<_, _> = seeds.iter().map(|seed| (&seed.name, seed.text.as_str())).collect();
    let key = Digest::of(&(beside::Key::new(declared, version), texts));
    let file = format!("seeds-{}", ExpressionCache::file_name(declared.target, version));
    let kept: Option<(Digest, BTreeMap<Ident, QueryRows>)> = cache.read(&file, FORMAT);
    if let Some((_, rows)) = kept.filter(|(kept, _)| *kept == key) {
        return Ok(rows);
    }
    let read: Vec<(&DeclaredSeed, Script, Query)> = read(seeds)?;
    let scripts = declared.files.scripts()?;
    let items = beside::items(declared, &scripts, version)?;
    let rows = beside::everything((&scripts, &items), version, provider, async |filled| {
        run(filled.client, &read).await
    })
    .await?;
    cache.write(&file, FORMAT, &(key, &rows));
    Ok(rows)
}

/// The one query of each file.
fn read<'s>(seeds: &[&'s DeclaredSeed]) -> Result<Vec<(&'s DeclaredSeed, Script, Query)>, NormaliseError> {
    let (mut read, mut wrong) = (Vec::new(), Vec::new());
    for seed in seeds {
        match Script::read_queries(seed.file.as_str(), seed.text.as_str()) {
            Ok((script, mut queries)) => match (queries.pop(), queries.len()) {
                (Some(query), 0) if returns_rows(&script, &query) => read.push((*seed, script, query)),
                _ => {
                    let message = "the file must hold one query: SELECT, VALUES, TABLE or WITH";
                    wrong.push(Rejected::seed(seed, Some(1), message));
                }
            },
            Err(errors) => {
                wrong.extend(errors.iter().map(|error| Rejected::unreadable(&seed.file, &seed.text, error)));
            }
        }
    }
    if wrong.is_empty() { Ok(read) } else { Err(NormaliseError::Rejected(wrong)) }
}

fn returns_rows(script: &Script, query: &Query) -> bool {
    let sql = script.sql(&query.statement).trim_start_matches(['(', ' ', '\n', '\r', '\t']);
    let word: String = sql.chars().take_while(char::is_ascii_alphabetic).collect();
    matches!(word.to_ascii_lowercase().as_str(), "select" | "values" | "table" | "with")
}

async fn run(
    client: &Client,
    read: &[(&DeclaredSeed, Script, Query)],
) -> Result<BTreeMap<Ident, QueryRows>, NormaliseError> {
    let (mut rows, mut wrong) = (BTreeMap::new(), Vec::new());
    for (seed, script, query) in read {
        let settings = format!("{FRESH}; SET search_path = {}, public", seed.table.schema);
        client.batch_execute(&settings).await.map_err(|error| lost(&error))?;
        match client.simple_query(script.sql(&query.statement)).await {
            Ok(messages) => {
                let line = script.place(query.statement.span.start).line;
                rows.insert(seed.name.clone(), rows_of(messages, line));
            }
            Err(error) if error.as_db_error().is_some() => {
                wrong.push(Rejected::seed_query(seed, (script, query), &DatabaseError::new(&error)));
            }
            Err(error) => return Err(lost(&error)),
        }
    }
    if wrong.is_empty() { Ok(rows) } else { Err(NormaliseError::Rejected(wrong)) }
}

fn rows_of(messages: Vec<SimpleQueryMessage>, line: u32) -> QueryRows {
    let mut found = QueryRows { columns: Vec::new(), rows: Vec::new(), line };
    for message in messages {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                found.columns = columns.iter().map(|column| column.name().to_owned()).collect();
            }
            SimpleQueryMessage::Row(row) => {
                found.rows.push((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect());
            }
            _ => {}
        }
    }
    found
}
