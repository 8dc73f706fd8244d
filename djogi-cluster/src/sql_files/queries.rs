//! The queries of an application, prepared where everything that is declared exists: one that PostgreSQL would refuse
//! there is told before a plan runs that would break it.
//!
//! That nothing is wrong is kept under the digest of all that it depends on: an unchanged project pays nothing.

use std::collections::BTreeMap;

use djogi_core::observation::ServerVersion;
use djogi_core::script::{Query, Script};
use djogi_core::{Digest, Ident};
use futures_util::future::join_all;
use tokio_postgres::Client;

use super::error::Rejected;
use super::load::lost;
use super::settings::FRESH;
use super::{Declared, beside};
use crate::connect::DatabaseError;
use crate::normalise::{ExpressionCache, NormaliseError, ScratchProvider};

const FORMAT: &str = "djogi-queries/1";

/// The files of queries of one target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryFiles {
    /// By the names under which the user knows them.
    files: Vec<(String, String)>,
    /// Where the application looks for what has no schema.
    search_path: Vec<Ident>,
    digest: Option<Digest>,
}

impl QueryFiles {
    pub fn new(files: Vec<(String, String)>, search_path: Vec<Ident>) -> Self {
        let digest = Some(Digest::of(&(&files, &search_path)));
        Self { files, search_path, digest }
    }

    /// Every query, by its script.
    fn read(&self) -> Result<Vec<(Script, Vec<Query>)>, NormaliseError> {
        let (mut read, mut wrong) = (Vec::new(), Vec::new());
        let mut places: BTreeMap<String, String> = BTreeMap::new();
        for (name, text) in &self.files {
            match Script::read_queries(name.as_str(), text.as_str()) {
                Ok((script, queries)) => {
                    for query in &queries {
                        let place = script.place(query.statement.span.start);
                        let here = format!("{name}:{}", place.line);
                        if let Some(other) = places.insert(query.name.clone(), here) {
                            wrong.push(Rejected::query_twice(&script, query, &other));
                        }
                    }
                    read.push((script, queries));
                }
                Err(errors) => {
                    wrong.extend(errors.into_iter().map(|error| Rejected::unreadable(name, text, &error)));
                }
            }
        }
        if wrong.is_empty() { Ok(read) } else { Err(NormaliseError::Rejected(wrong)) }
    }
}

/// Has every query prepared beside what is `declared`.
///
/// # Errors
/// Every query that PostgreSQL refuses; else why there is no scratch database.
pub(crate) async fn check(
    queries: &QueryFiles,
    declared: Declared<'_>,
    version: ServerVersion,
    provider: &dyn ScratchProvider,
    cache: &ExpressionCache,
) -> Result<(), NormaliseError> {
    let key = Digest::of(&(beside::Key::new(declared, version), queries.digest));
    let file = format!("queries-{}", ExpressionCache::file_name(declared.target, version));
    if cache.read::<Digest>(&file, FORMAT) == Some(key) {
        return Ok(());
    }
    let read = queries.read()?;
    let scripts = declared.files.scripts()?;
    let items = beside::items(declared, &scripts, version)?;
    beside::everything((&scripts, &items), version, provider, async |filled| {
        prepare(filled.client, &read, &queries.search_path).await
    })
    .await?;
    cache.write(&file, FORMAT, &key);
    Ok(())
}

async fn prepare(
    client: &Client,
    read: &[(Script, Vec<Query>)],
    search_path: &[Ident],
) -> Result<(), NormaliseError> {
    let path: Vec<String> = search_path.iter().map(ToString::to_string).collect();
    let settings = format!("{FRESH}; SET search_path = {}", path.join(", "));
    client.batch_execute(&settings).await.map_err(|error| lost(&error))?;
    let all = || read.iter().flat_map(|(script, queries)| queries.iter().map(move |query| (script, query)));
    let sent = all().map(|(script, query)| client.prepare(script.sql(&query.statement)));
    let mut rejected = Vec::new();
    for ((script, query), answer) in all().zip(join_all(sent).await) {
        match answer {
            Ok(_) => {}
            Err(error) if error.as_db_error().is_some() => {
                rejected.push(Rejected::query(script, query, &DatabaseError::new(&error)));
            }
            Err(error) => return Err(lost(&error)),
        }
    }
    if rejected.is_empty() { Ok(()) } else { Err(NormaliseError::Rejected(rejected)) }
}
