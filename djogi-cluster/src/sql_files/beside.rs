//! Work in a scratch database that holds everything declared, and exists only meanwhile.

use std::collections::BTreeSet;

use djogi_core::observation::ServerVersion;
use djogi_core::script::Script;
use djogi_core::{Digest, Ident};
use serde::Serialize;
use tokio_postgres::Client;

use super::item::{self, Item};
use super::order::{self, Families};
use super::{Declared, load, roles};
use crate::connect::{ConnectParameters, Connection};
use crate::normalise::{NormaliseError, RoleUse, ScratchDatabase, ScratchError, ScratchProvider};

/// What everything that is loaded depends on.
#[derive(Serialize)]
pub(super) struct Key<'a> {
    djogi: &'static str,
    major: u32,
    schemas: &'a [Ident],
    files: Option<Digest>,
    models: Digest,
}

impl<'a> Key<'a> {
    pub(super) fn new(declared: Declared<'a>, version: ServerVersion) -> Self {
        Self {
            djogi: env!("CARGO_PKG_VERSION"),
            major: version.major(),
            schemas: declared.schemas,
            files: declared.files.digest(),
            models: declared.models_digest,
        }
    }
}

/// The database with all that was loaded into it.
pub(super) struct Filled<'a> {
    /// The session that loaded it.
    pub(super) client: &'a Client,
    pub(super) database: &'a mut ScratchDatabase,
    /// The positions of the items whose bodies were not read.
    pub(super) unread: BTreeSet<usize>,
}

/// The statements that make what models and files declare.
///
/// # Errors
/// When no statement can make what a model declares.
pub(super) fn items<'a>(
    declared: Declared<'a>,
    scripts: &'a [Script],
    version: ServerVersion,
) -> Result<Vec<Item<'a>>, NormaliseError> {
    let mut items = item::of_models(declared.models, declared.target, version)?;
    items.extend(item::of_scripts(scripts));
    Ok(items)
}

/// Does `work` beside what `items` make. What cannot be loaded as it is written is tried once more, with the families of
/// tables put together first.
///
/// # Errors
/// What is wrong with the declarations or with the work; else why there is no scratch database.
pub(super) async fn everything<T>(
    (scripts, items): (&[Script], &[Item<'_>]),
    version: ServerVersion,
    provider: &dyn ScratchProvider,
    work: impl AsyncFnOnce(Filled<'_>) -> Result<T, NormaliseError>,
) -> Result<T, NormaliseError> {
    let at = (version, &provider.server().await?, provider.role_use());
    let Failed { error, work } = match attempt((scripts, items, Families::AsWritten), at, work).await {
        Ok(done) => return Ok(done),
        Err(failed) => failed,
    };
    let Some(work) = work.filter(|_| order::has_parents_to_alter(items)) else { return Err(error) };
    attempt((scripts, items, Families::Joined), at, work).await.map_err(|again| match again.work {
        // What is wrong with the files as they are written says more.
        Some(_) => error,
        None => again.error,
    })
}

/// Why nothing came of an attempt.
struct Failed<W> {
    error: NormaliseError,
    /// Given back when it was not begun, since not everything could be loaded.
    work: Option<W>,
}

impl<W, E: Into<NormaliseError>> From<E> for Failed<W> {
    fn from(error: E) -> Self {
        Self { error: error.into(), work: None }
    }
}

async fn attempt<T, W: AsyncFnOnce(Filled<'_>) -> Result<T, NormaliseError>>(
    (scripts, items, families): (&[Script], &[Item<'_>], Families),
    (version, server, role_use): (ServerVersion, &ConnectParameters, RoleUse),
    work: W,
) -> Result<T, Failed<W>> {
    let mut database = ScratchDatabase::create(server).await?;
    let found = database.connection().server_version();
    let mut roles = roles::Roles::new(role_use);
    let done = if found.major() == version.major() {
        match Connection::open(&server.with_database(database.name()), "scratch/load").await {
            Ok(loading) => {
                let client = loading.client();
                let done = match load::load(client, scripts, items, families, &mut roles).await {
                    Ok(unread) => {
                        work(Filled { client, database: &mut database, unread }).await.map_err(Failed::from)
                    }
                    Err(error) => Err(Failed { error, work: Some(work) }),
                };
                loading.close().await;
                done
            }
            Err(error) => Err(ScratchError::from(error).into()),
        }
    } else {
        Err(ScratchError::OtherMajor { found, wanted: version }.into())
    };
    let removed = roles.remove(database).await;
    let done = done?;
    removed?;
    Ok(done)
}
