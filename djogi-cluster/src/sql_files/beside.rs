//! Work in a scratch database that holds everything declared, and exists only meanwhile.

use djogi_core::observation::ServerVersion;
use tokio_postgres::Client;

use super::{Declared, item, load, roles};
use crate::connect::Connection;
use crate::normalise::{NormaliseError, ScratchDatabase, ScratchError, ScratchProvider};

/// Does `work` beside what is `declared`.
///
/// # Errors
/// What is wrong with the declarations or with the work; else why there is no scratch database.
pub(super) async fn everything<T>(
    declared: Declared<'_>,
    version: ServerVersion,
    provider: &dyn ScratchProvider,
    work: impl AsyncFnOnce(&Client) -> Result<T, NormaliseError>,
) -> Result<T, NormaliseError> {
    let scripts = declared.files.scripts()?;
    let mut items = item::of_models(declared.models, declared.target, version)?;
    items.extend(item::of_scripts(&scripts));
    let server = provider.server().await?;
    let mut database = ScratchDatabase::create(&server).await?;
    let found = database.connection().server_version();
    let mut roles = roles::Roles::new(provider.role_use());
    let done = if found.major() == version.major() {
        let at = server.with_database(database.name());
        let connection = Connection::open(&at, "scratch/queries").await.map_err(ScratchError::from);
        match connection {
            Ok(connection) => {
                let loaded = load::load(connection.client(), &scripts, &items, &mut roles).await;
                let done = match loaded {
                    Ok(_) => work(connection.client()).await,
                    Err(error) => Err(error),
                };
                connection.close().await;
                done
            }
            Err(error) => Err(error.into()),
        }
    } else {
        Err(ScratchError::OtherMajor { found, wanted: version }.into())
    };
    let removed = roles.remove(database).await;
    let done = done?;
    removed?;
    Ok(done)
}
